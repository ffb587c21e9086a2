#include "server/calls/validate.h"

#include <gtest/gtest.h>

#include <functional>

#include "google/protobuf/text_format.h"

namespace tokenbroker::calls {
namespace {

template <typename Message>
Message Parse(const std::string& text) {
  Message message;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &message)) << text;
  return message;
}

struct Case {
  std::string text;
  // The field that is refused; empty if none is.
  std::string field;
};

template <typename Message>
void Check(const std::vector<Case>& cases, const std::function<broker::Refusal(const Message&)>& validate) {
  for (const Case& c : cases) {
    const broker::Refusal refusal = validate(Parse<Message>(c.text));
    EXPECT_EQ(refusal.field, c.field) << c.text << "\n" << refusal.message;
    EXPECT_EQ(static_cast<bool>(refusal), !c.field.empty()) << c.text;
    if (refusal) {
      EXPECT_EQ(refusal.reason, broker::Reason::kInvalidField);
      EXPECT_EQ(refusal.message.find(c.field), 0u) << refusal.message;
    }
  }
}

std::string Repeat(char c, size_t times) { return std::string(times, c); }

TEST(ValidateTest, TaskRefs) {
  Check<pb::TaskRef>({{"token: 'x'", ""},
                      {"token: '" + Repeat('x', 2048) + "'", ""},
                      {"task_id: 'anything'", ""},
                      {"key { namespace: 'a' key: 'order 1' }", ""},
                      {"", "task"},
                      {"token: ''", "task.token"},
                      {"token: '" + Repeat('x', 2049) + "'", "task.token"},
                      {"task_id: ''", "task.task_id"},
                      {"key { key: 'x' }", "task.key.namespace"},
                      {"key { namespace: 'a' }", "task.key.key"},
                      {"key { namespace: 'a' key: 'line\\nfeed' }", "task.key.key"},
                      {"key { namespace: 'a' key: '" + Repeat('x', 257) + "' }", "task.key.key"}},
                     [](const pb::TaskRef& ref) { return Validate(ref); });
}

TEST(ValidateTest, TaskRefsThatAreItemsNameTheirOwnFields) {
  Check<pb::TaskRef>({{"token: 'x'", ""},
                      {"", "ref"},
                      {"token: ''", "token"},
                      {"task_id: ''", "task_id"},
                      {"key { key: 'x' }", "key.namespace"}},
                     [](const pb::TaskRef& ref) { return Validate(ref, ""); });
}

TEST(ValidateTest, WhatATargetAsksOfItsTasks) {
  InputLimits limits;
  limits.targets = {{"hook"}, {.name = "states", .needs_upstream_token = true}};
  Check<pb::IssueTaskRequest>({{"namespace: 'a'", ""},
                               {"namespace: 'a' target: 'hook'", ""},
                               {"namespace: 'a' target: 'states' upstream_token: 'AQC-1'", ""},
                               {"namespace: 'a' target: 'states'", "upstream_token"},
                               {"namespace: 'a' target: 'nobody'", "target"}},
                              [&](const pb::IssueTaskRequest& request) { return Validate(request, limits); });
}

TEST(ValidateTest, Namespaces) {
  const auto validate = [](const pb::IssueTaskRequest& request) { return Validate(request, InputLimits()); };
  std::vector<Case> cases;
  for (const char* good : {"a", "0", "a-b_c.d", "0123456789"})
    cases.push_back({std::string("namespace: '") + good + "'", ""});
  for (const char* bad : {"", "A", "-a", ".a", "a b", "\\303\\251", "a/b"}) {
    cases.push_back({std::string("namespace: '") + bad + "'", "namespace"});
  }
  cases.push_back({"namespace: '" + Repeat('a', 64) + "'", ""});
  cases.push_back({"namespace: '" + Repeat('a', 65) + "'", "namespace"});
  Check<pb::IssueTaskRequest>(cases, validate);
}

TEST(ValidateTest, IssueTask) {
  const std::string n = "namespace: 'a' ";
  std::string labels;
  for (int i = 0; i < 33; ++i) labels += "labels { key: 'k" + std::to_string(i) + "' value: 'v' } ";
  Check<pb::IssueTaskRequest>(
      {{n + "request_id: '" + Repeat('r', 128) + "'", ""},
       {n + "request_id: '" + Repeat('r', 129) + "'", "request_id"},
       {n + "correlation_key: '" + Repeat('k', 257) + "'", "correlation_key"},
       {n + "correlation_key: 'tab\\t'", "correlation_key"},
       {n + "attempt: 65535", ""},
       {n + "attempt: 65536", "attempt"},
       {n + "input: '{\"a\": [1, 2]}'", ""},
       {n + "input: 'bare'", "input"},
       {n + "input: '1 2'", "input"},
       {n + "summary: 'two\\nlines'", "summary"},
       {n + "summary: '" + Repeat('s', 1025) + "'", "summary"},
       {n + "labels { key: 'a/b.c-d_E' value: '' }", ""},
       {n + "labels { key: 'a b' value: '' }", "labels[a b]"},
       {n + "labels { key: '' value: '' }", "labels[]"},
       {n + "labels { key: '\\n" + Repeat('k', 63) + "' value: '' }", "labels[\\n" + Repeat('k', 62) + "...]"},
       {n + "labels { key: 'a' value: '" + Repeat('v', 256) + "' }", "labels[a]"},
       {n + labels, "labels"},
       {n + "target: 'UP'", "target"},
       {n + "timeout { nanos: 10000000 }", ""},
       {n + "timeout { nanos: 9000000 }", "timeout"},
       {n + "timeout { nanos: 9999999 }", "timeout"},
       {n + "timeout { nanos: 10000001 }", ""},
       {n + "timeout { }", "timeout"},
       {n + "timeout { seconds: 31622400 }", ""},
       {n + "timeout { seconds: 31622401 }", "timeout"},
       {n + "timeout { seconds: 1 nanos: -1 }", "timeout"},
       {n + "heartbeat_timeout { }", ""},
       {n + "heartbeat_timeout { seconds: -1 }", "heartbeat_timeout"},
       {n + "timeout { seconds: 5 } heartbeat_timeout { seconds: 5 }", ""},
       {n + "timeout { seconds: 5 } heartbeat_timeout { seconds: 6 }", "heartbeat_timeout"},
       {n + "heartbeat_timeout { seconds: 604801 }", "heartbeat_timeout"},
       {n + "upstream_token: '" + Repeat('u', 2049) + "'", "upstream_token"},
       {n + "trace { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' }", ""},
       {n + "trace { traceparent: '01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' }", "trace.traceparent"},
       {n + "trace { traceparent: '00-00000000000000000000000000000000-b7ad6b7169203331-01' }", "trace.traceparent"},
       {n + "trace { tracestate: '" + Repeat('t', 513) + "' }", "trace.tracestate"},
       {n + "contract { output_schema: '{\"type\": \"object\"}' }", ""},
       {n + "contract { output_schema: '{' }", "contract.output_schema"},
       {n + "contract { allowed_errors: 'e' allowed_errors: '" + Repeat('e', 257) + "' }",
        "contract.allowed_errors[1]"}},
      [](const pb::IssueTaskRequest& request) { return Validate(request, InputLimits()); });
}

TEST(ValidateTest, TheTextSaysWhatMayBeGiven) {
  const auto schema = Parse<pb::IssueTaskRequest>("namespace: 'a' contract { output_schema: '{\"type\": 7}' }");
  const std::string said = Validate(schema, InputLimits()).message;
  EXPECT_EQ(said.find("usable JSON Schema"), said.rfind("usable JSON Schema")) << said;
  const auto parked =
      Parse<pb::SucceedRequest>("task { key { namespace: 'a' key: 'k' } } output: '1' park_for { seconds: 604801 }");
  EXPECT_EQ(Validate(parked, InputLimits()).message,
            "park_for must be a duration of at most 7d; 0 stands for 15 minutes, and a negative one for not parking");
}

TEST(ValidateTest, ATokenOfOursIsNoUpstreamToken) {
  pb::IssueTaskRequest request = Parse<pb::IssueTaskRequest>("namespace: 'a'");
  request.set_upstream_token("T1" + Repeat('0', 38));
  EXPECT_EQ(Validate(request, InputLimits()).field, "upstream_token");
}

TEST(ValidateTest, Settling) {
  const std::string t = "task { token: 'x' } ";
  const std::string k = "task { key { namespace: 'a' key: 'k' } } ";
  Check<pb::SucceedRequest>({{t + "output: 'null'", ""},
                             {t, "output"},
                             {t + "output: 'bare word'", "output"},
                             {t + "output: '1' park_for { seconds: 1 }", "park_for"},
                             {t + "output: '1' park_for { seconds: -1 }", ""},
                             {k + "output: '1' park_for { seconds: 604800 }", ""},
                             {k + "output: '1' park_for { seconds: 604801 }", "park_for"},
                             {"output: '1'", "task"}},
                            [](const pb::SucceedRequest& request) { return Validate(request, InputLimits()); });
  Check<pb::FailRequest>({{t, ""},
                          {t + "error: '" + Repeat('e', 257) + "'", "error"},
                          {t + "cause: '" + Repeat('c', 32'769) + "'", "cause"}},
                         [](const pb::FailRequest& request) { return Validate(request, InputLimits()); });
  Check<pb::Settlement>({{"succeed { " + t + " output: '1' }", ""}, {"fail { }", "fail.task"}, {"", "outcome"}},
                        [](const pb::Settlement& settlement) { return Validate(settlement, InputLimits()); });
}

TEST(ValidateTest, OutputLimitIsTheConfiguredOne) {
  InputLimits limits;
  limits.max_output = 10;
  auto request = Parse<pb::SucceedRequest>("task { token: 'x' } output: '\"12345678\"'");
  EXPECT_FALSE(Validate(request, limits));
  request.set_output("\"123456789\"");
  EXPECT_EQ(Validate(request, limits).message, "output must be at most 10 bytes, and is 11");
}

TEST(ValidateTest, TheRest) {
  const std::string t = "task { token: 'x' } ";
  Check<pb::HeartbeatRequest>({{t, ""}, {t + "progress: '{\"done\": 3}'", ""}, {t + "progress: 'x'", "progress"}},
                              [](const pb::HeartbeatRequest& request) { return Validate(request); });
  Check<pb::CancelTaskRequest>({{t + "grace { seconds: 86400 }", ""},
                                {t + "grace { seconds: 86401 }", "grace"},
                                {t + "reason: '" + Repeat('r', 1025) + "'", "reason"}},
                               [](const pb::CancelTaskRequest& request) { return Validate(request); });
  Check<pb::ExtendDeadlineRequest>({{t, "timeout"}, {t + "timeout { seconds: 1 }", ""}},
                                   [](const pb::ExtendDeadlineRequest& request) { return Validate(request); });
  Check<pb::AwaitTaskRequest>({{t, ""}, {t + "limit { seconds: 3600 }", ""}, {t + "limit { seconds: 3601 }", "limit"}},
                              [](const pb::AwaitTaskRequest& request) { return Validate(request); });
  Check<pb::ListTasksRequest>({{"namespace: 'a'", ""},
                               {"namespace: 'a' page_size: -1", "page_size"},
                               {"namespace: 'a' filter { states: 99 }", "filter.states"},
                               {"namespace: 'a' filter { min_age { seconds: -1 } }", "filter.min_age"},
                               {"namespace: 'a' view: 9", "view"}},
                              [](const pb::ListTasksRequest& request) { return Validate(request); });
  EXPECT_FALSE(ValidateBatch(1000));
  EXPECT_EQ(ValidateBatch(0).field, "items");
  EXPECT_EQ(ValidateBatch(1001).field, "items");
}

}  // namespace
}  // namespace tokenbroker::calls
