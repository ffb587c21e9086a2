// Every field at its limit passes; one beyond is refused, and the answer names the field and the limit.
#include <functional>
#include <string>

#include "absl/strings/str_cat.h"
#include "tests/e2e/fixture.h"

namespace tokenbroker::testing {
namespace {

constexpr size_t kPayload = 262'144;
constexpr DurationMs kYear = DurationMs{366} * 24 * 3'600'000;

std::string JsonOf(size_t bytes) { return "\"" + std::string(bytes - 2, 'j') + "\""; }
std::string Nested(int levels) { return std::string(levels, '[') + std::string(levels, ']'); }

v1::IssueTaskRequest PlainIssue() {
  v1::IssueTaskRequest request;
  request.set_namespace_("limits");
  return request;
}

using IssueRequest = v1::IssueTaskRequest;

struct IssueCase {
  const char* field;
  // What the refusal's text must hold.
  std::string limit;
  std::function<void(IssueRequest&)> at_limit;
  std::function<void(IssueRequest&)> beyond;
};

std::string SchemaOf(size_t bytes) {
  const std::string open = R"({"type":"object","description":")";
  return open + std::string(bytes - open.size() - 2, 'd') + "\"}";
}

void AddLabels(IssueRequest& request, int count) {
  for (int i = 0; i < count; ++i) (*request.mutable_labels())[absl::StrCat("label-", i)] = "value";
}

void AddErrors(IssueRequest& request, int count, size_t bytes) {
  for (int i = 0; i < count; ++i) request.mutable_contract()->add_allowed_errors(std::string(bytes, 'a' + i % 26));
}

std::vector<IssueCase> IssueCases() {
  const auto text = [](auto set, size_t max) {
    return std::make_pair([=](IssueRequest& request) { set(request, std::string(max, 'x')); },
                          [=](IssueRequest& request) { set(request, std::string(max + 1, 'x')); });
  };
  std::vector<IssueCase> cases;
  const auto add_text = [&](const char* field, size_t max, auto set) {
    auto [at, beyond] = text(set, max);
    cases.push_back({field, absl::StrCat(max), at, beyond});
  };
  add_text("namespace", 64, [](IssueRequest& r, std::string value) { r.set_namespace_(value); });
  add_text("request_id", 128, [](IssueRequest& r, std::string value) { r.set_request_id(value); });
  add_text("correlation_key", 256, [](IssueRequest& r, std::string value) { r.set_correlation_key(value); });
  add_text("summary", 1024, [](IssueRequest& r, std::string value) { r.set_summary(value); });
  add_text("upstream_token", 2048, [](IssueRequest& r, std::string value) { r.set_upstream_token(value); });
  add_text("trace.tracestate", 512,
           [](IssueRequest& r, std::string value) { r.mutable_trace()->set_tracestate(value); });
  add_text("labels[label]", 255, [](IssueRequest& r, std::string value) { (*r.mutable_labels())["label"] = value; });
  add_text("labels[", 63, [](IssueRequest& r, std::string value) { (*r.mutable_labels())[value] = "value"; });
  cases.push_back(
      {"labels", "32", [](IssueRequest& r) { AddLabels(r, 32); }, [](IssueRequest& r) { AddLabels(r, 33); }});
  cases.push_back({"input", absl::StrCat(kPayload), [](IssueRequest& r) { r.set_input(JsonOf(kPayload)); },
                   [](IssueRequest& r) { r.set_input(JsonOf(kPayload + 1)); }});
  cases.push_back({"input", "128", [](IssueRequest& r) { r.set_input(Nested(128)); },
                   [](IssueRequest& r) { r.set_input(Nested(129)); }});
  cases.push_back({"attempt", "65535", [](IssueRequest& r) { r.set_attempt(65'535); },
                   [](IssueRequest& r) { r.set_attempt(65'536); }});
  cases.push_back({"timeout", "10ms", [](IssueRequest& r) { *r.mutable_timeout() = ToDuration(10); },
                   [](IssueRequest& r) { *r.mutable_timeout() = ToDuration(9); }});
  cases.push_back({"timeout", "366d", [](IssueRequest& r) { *r.mutable_timeout() = ToDuration(kYear); },
                   [](IssueRequest& r) { *r.mutable_timeout() = ToDuration(kYear + 1); }});
  cases.push_back({"heartbeat_timeout", "10ms",
                   [](IssueRequest& r) { *r.mutable_heartbeat_timeout() = ToDuration(10); },
                   [](IssueRequest& r) { *r.mutable_heartbeat_timeout() = ToDuration(9); }});
  const auto heartbeat = [](DurationMs ms) {
    return [ms](IssueRequest& r) {
      *r.mutable_timeout() = ToDuration(60'000);
      *r.mutable_heartbeat_timeout() = ToDuration(ms);
    };
  };
  cases.push_back({"heartbeat_timeout", "1m", heartbeat(60'000), heartbeat(60'001)});
  cases.push_back({"contract.output_schema", "32768",
                   [](IssueRequest& r) { r.mutable_contract()->set_output_schema(SchemaOf(32'768)); },
                   [](IssueRequest& r) { r.mutable_contract()->set_output_schema(SchemaOf(32'769)); }});
  cases.push_back({"contract.allowed_errors", "64", [](IssueRequest& r) { AddErrors(r, 64, 256); },
                   [](IssueRequest& r) { AddErrors(r, 65, 256); }});
  cases.push_back({"contract.allowed_errors[0]", "256", [](IssueRequest& r) { AddErrors(r, 1, 256); },
                   [](IssueRequest& r) { AddErrors(r, 1, 257); }});
  return cases;
}

class LimitsTest : public BrokerTest {
 protected:
  void SetUp() override { Start(); }

  void ExpectRefused(const grpc::Status& status, const std::string& field, const std::string& limit) {
    SCOPED_TRACE(field + ", limit " + limit);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT) << Describe(status);
    const ErrorDetails details = DetailsOf(status);
    EXPECT_EQ(details.reason, v1::ERROR_REASON_INVALID_FIELD);
    EXPECT_EQ(details.domain, "tokenbroker.v1");
    // A map's key that is itself too long is shown cut.
    const bool cut = field.back() == '[';
    EXPECT_EQ(cut ? details.field().substr(0, field.size()) : details.field(), field);
    EXPECT_NE(details.description().find(limit), std::string::npos) << details.description();
  }

  template <typename Request, typename Response, typename Set>
  void CheckResolver(grpc::Status (v1::ResolverService::Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                     const std::string& field, const std::string& limit, Set set, size_t max) {
    for (const size_t size : {max, max + 1}) {
      Request request;
      *request.mutable_task() = ByToken(Issue().token());
      set(request, size);
      Response response;
      const grpc::Status status = client().Call(client().resolver(), method, request, response);
      if (size > max)
        ExpectRefused(status, field, limit);
      else
        EXPECT_TRUE(status.ok()) << field << ": " << Describe(status);
    }
  }
};

TEST_F(LimitsTest, IssueTakesEachFieldUpToItsLimit) {
  for (const IssueCase& one : IssueCases()) {
    SCOPED_TRACE(absl::StrCat(one.field, ", limit ", one.limit));
    v1::IssueTaskResponse response;
    v1::IssueTaskRequest request = PlainIssue();
    one.at_limit(request);
    const grpc::Status at_limit = client().Issue(request, response);
    EXPECT_TRUE(at_limit.ok()) << Describe(at_limit);
    request = PlainIssue();
    one.beyond(request);
    ExpectRefused(client().Issue(request, response), one.field, one.limit);
  }
}

TEST_F(LimitsTest, SettlingTakesEachFieldUpToItsLimit) {
  using Resolver = v1::ResolverService::Stub;
  CheckResolver(
      &Resolver::Succeed, "output", "262144", [](v1::SucceedRequest& r, size_t size) { r.set_output(JsonOf(size)); },
      kPayload);
  CheckResolver(
      &Resolver::Succeed, "output", "128",
      [](v1::SucceedRequest& r, size_t size) { r.set_output(Nested(static_cast<int>(size))); }, 128);
  const auto request_id = [](auto& r, size_t size) {
    r.set_output("1");
    r.set_request_id(std::string(size, 'r'));
  };
  CheckResolver(&Resolver::Succeed, "request_id", "128", request_id, 128);
  CheckResolver(
      &Resolver::Fail, "error", "256", [](v1::FailRequest& r, size_t size) { r.set_error(std::string(size, 'e')); },
      256);
  CheckResolver(
      &Resolver::Fail, "cause", "32768", [](v1::FailRequest& r, size_t size) { r.set_cause(std::string(size, 'c')); },
      32'768);
  CheckResolver(
      &Resolver::Heartbeat, "progress", "4096",
      [](v1::HeartbeatRequest& r, size_t size) { r.set_progress(JsonOf(size)); }, 4096);
}

TEST_F(LimitsTest, RefusedCallsLeaveTheTaskOpen) {
  const std::string token = Issue().token();
  for (const std::string& output :
       {std::string(), std::string("bare"), std::string("{"), JsonOf(kPayload + 1), Nested(129)}) {
    const grpc::Status status = SucceedWith(token, output);
    EXPECT_EQ(ReasonOf(status), v1::ERROR_REASON_INVALID_FIELD) << output.substr(0, 20) << " " << Describe(status);
  }
  EXPECT_EQ(Get(token).state(), v1::TASK_STATE_WAITING);
}

TEST_F(LimitsTest, RefusalsQuoteNoValue) {
  const std::string token = Issue().token();
  const std::string secret = "s3cr3t-of-the-caller";
  const grpc::Status status = SucceedWith(token, "{\"password\": " + secret + "}");
  EXPECT_EQ(Describe(status).find(secret), std::string::npos) << Describe(status);
  EXPECT_EQ(Describe(status).find(token), std::string::npos) << Describe(status);
}

TEST_F(LimitsTest, BatchesTakeAThousandItems) {
  v1::BatchSettleRequest request;
  for (int i = 0; i < 1000; ++i) {
    v1::FailRequest* item = request.add_items()->mutable_fail();
    *item->mutable_task() = ByToken("nobody");
  }
  v1::BatchSettleResponse response;
  const auto settle = &v1::ResolverService::Stub::BatchSettle;
  EXPECT_TRUE(client().Call(client().resolver(), settle, request, response).ok());
  EXPECT_EQ(response.items_size(), 1000);
  *request.add_items() = request.items(0);
  ExpectRefused(client().Call(client().resolver(), settle, request, response), "items", "1000");
  request.clear_items();
  ExpectRefused(client().Call(client().resolver(), settle, request, response), "items", "1000");
}

TEST_F(LimitsTest, MessagesBeyondTheLimitAreRefusedAndTheConnectionLives) {
  v1::IssueTaskRequest request = PlainIssue();
  request.set_input(JsonOf(9 << 20));
  v1::IssueTaskResponse response;
  const grpc::Status status = client().Issue(request, response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED) << Describe(status);
  EXPECT_FALSE(Issue().token().empty());
}

TEST_F(LimitsTest, VeryDeepJsonIsRefusedQuickly) {
  const std::string token = Issue().token();
  const TimeMs before = NowMs();
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(ReasonOf(SucceedWith(token, Nested(100'000))), v1::ERROR_REASON_INVALID_FIELD);
    EXPECT_EQ(ReasonOf(SucceedWith(token, std::string(200'000, '['))), v1::ERROR_REASON_INVALID_FIELD);
  }
  EXPECT_LT(NowMs() - before, 5000);
  EXPECT_EQ(Get(token).state(), v1::TASK_STATE_WAITING);
}

}  // namespace
}  // namespace tokenbroker::testing
