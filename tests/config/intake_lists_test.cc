#include "server/config/intake_lists.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "absl/strings/str_replace.h"
#include "server/config/load.h"
#include "server/config/print.h"

namespace tokenbroker {
namespace {

using testing::HasSubstr;

constexpr char kAll[] = R"(
intake:
  activities:
    - name: review
      arn: arn:aws:states:eu-west-1:123456789012:activity:review
      pollers: 4
      namespace: loans
      target: sfn
      key: $.applicationId
      timeout: 7d
      heartbeat_timeout: $.heartbeatSeconds?
      role_arn: arn:aws:iam::123456789012:role/broker
      labels: {team: loans, kind: "$.kind?"}
  queues:
    - name: callbacks
      url: https://sqs.eu-west-1.amazonaws.com/123456789012/callbacks
      dead_letter_url: https://sqs.eu-west-1.amazonaws.com/123456789012/callbacks-dead
      visibility_timeout: 1m
      namespace: orders
      token: $.TaskToken
      key: $.Input['order-id']
      attempt: $.attempt?
      input: $.Input
      summary: "a \"summary\""
  events:
    - name: coffee
      source: awsserverlessda.serverlesspresso
      detail_type: OrderProcessor.WorkflowStarted
      namespace: coffee
      token: $.detail.TaskToken
      key: $.detail.orderId
)";

LoadedConfig Parsed(const std::string& text) {
  absl::StatusOr<LoadedConfig> loaded = ParseConfigYaml(text, "f");
  EXPECT_TRUE(loaded.ok()) << loaded.status();
  return loaded.ok() ? *std::move(loaded) : LoadedConfig();
}

std::string Error(const std::string& text) {
  const absl::StatusOr<LoadedConfig> loaded = ParseConfigYaml(text, "f");
  return loaded.ok() ? "no error" : std::string(loaded.status().message());
}

TEST(IntakeLists, ReadsWhatStandsInTheFile) {
  const IntakeConfig intake = Parsed(kAll).config.intake;
  ASSERT_EQ(intake.activities.size(), 1u);
  EXPECT_EQ(intake.activities[0].pollers, 4);
  EXPECT_EQ(intake.activities[0].task.timeout, "7d");
  EXPECT_EQ(intake.activities[0].task.labels.at("kind"), "$.kind?");
  EXPECT_EQ(intake.activities[0].aws.role_arn, "arn:aws:iam::123456789012:role/broker");
  ASSERT_EQ(intake.queues.size(), 1u);
  EXPECT_EQ(intake.queues[0].visibility_timeout, 60'000);
  EXPECT_EQ(intake.queues[0].pollers, 1);
  EXPECT_EQ(intake.queues[0].task.key, "$.Input['order-id']");
  ASSERT_EQ(intake.events.size(), 1u);
  EXPECT_EQ(intake.events[0].detail_type, "OrderProcessor.WorkflowStarted");
  EXPECT_EQ(intake.events[0].task.name_space, "coffee");
}

TEST(IntakeLists, PrintsWhatItReads) {
  LoadedConfig loaded = Parsed(kAll);
  const LoadedConfig again =
      Parsed(absl::StrReplaceAll(PrintConfig(loaded, true), {{"(not shown)", "https://kept.back"}}));
  loaded.config.intake.queues[0].url = "https://kept.back";
  loaded.config.intake.queues[0].dead_letter_url = "https://kept.back";
  EXPECT_EQ(again.config.intake.activities, loaded.config.intake.activities);
  EXPECT_EQ(again.config.intake.queues, loaded.config.intake.queues);
  EXPECT_EQ(again.config.intake.events, loaded.config.intake.events);
}

TEST(IntakeLists, SaysWhatIsWrongAndWhere) {
  const std::pair<const char*, const char*> kQueues[] = {
      {"{name: a, url: 'https://q', namespace: n}", "intake.queues: 'token' is missing (f:3:7)"},
      {"{name: a, url: 'https://q', namespace: n, token: TaskToken}", "'token' must be a JSON path such as"},
      {"{name: a, url: 'https://q', namespace: n, token: $.a..b}", "expected a name of [A-Za-z0-9_-]"},
      {"{name: a, url: 'https://q', namespace: n, token: $.a, key: order}", "'key' must be a JSON path"},
      {"{name: a, url: 'https://q', namespace: n, token: $.a, tokn: $.b}",
       "unknown key 'tokn' (did you mean 'token'?)"},
      {"{name: a, url: 'https://q', namespace: n, token: $.a, arn: x}", "unknown key 'arn'"},
      {"{name: A, url: 'https://q', namespace: n, token: $.a}", "'name' must be 1 to 64 characters of [a-z0-9-_.]"},
      {"{name: a, url: 'https://q', namespace: N, token: $.a}", "'namespace' must be 1 to 64 characters"},
      {"{name: a, url: q, namespace: n, token: $.a}", "'url' must be an http or https URL"},
      {"{name: a, url: 'https://q', namespace: n, token: $.a, pollers: 65}",
       "'pollers' must be a whole number, 1 to 64"},
      {"{name: a, url: 'https://q', namespace: n, token: $.a, visibility_timeout: 1s}", "5s to 12h"},
      {"{name: a, url: 'https://q', namespace: n, token: $.a, timeout: 1ms}",
       "'timeout' must be a duration, 10ms to 366d, or a JSON path"},
      {"{name: a, url: 'https://q', namespace: n, token: $.a, labels: [x]}", "'labels' must map names"},
      {"{name: a, url: 'https://q', namespace: n, token: $.a, labels: {x: $.}}", "label 'x' must be a JSON path"},
      {"{name: a, url: 'https://q', namespace: n, token: $.a, role_arn: me}", "arn:aws:iam::ACCOUNT:role/NAME"},
      {"{name: a, url: [q], namespace: n, token: $.a}", "'url' must be one value"},
      {"a", "each item must be a map"},
  };
  for (const auto& [item, expected] : kQueues) {
    EXPECT_THAT(Error(std::string("intake:\n  queues:\n    - ") + item), HasSubstr(expected)) << item;
  }
  EXPECT_THAT(Error("intake:\n  activities:\n    - {name: a, arn: 'arn:aws:sqs:r:1:q', namespace: n}"),
              HasSubstr("'arn' must be arn:aws:states:REGION:ACCOUNT:activity:NAME"));
  EXPECT_THAT(Error("intake:\n  queues: 7"), HasSubstr("intake.queues: must be a list of at most 64 maps"));
  EXPECT_THAT(Error("intake:\n  queue: []"),
              HasSubstr("unknown setting 'intake.queue' (did you mean 'intake.queues'?)"));
  EXPECT_THAT(Error("intakes: {}"), HasSubstr("did you mean 'intake'?"));
}

TEST(IntakeLists, RefusesNamesAndRulesThatAreThereTwice) {
  IntakeConfig intake = Parsed(kAll).config.intake;
  intake.events.push_back(intake.events[0]);
  intake.events.back().name = "review";
  std::vector<std::string> errors;
  ValidateIntake(intake, {"sf"}, errors);
  EXPECT_THAT(errors, testing::ElementsAre(HasSubstr("the target 'sfn' of 'review' is none of the targets (did you"),
                                           HasSubstr("the name 'review' is there twice"),
                                           HasSubstr("'review' has the namespace, source and detail_type")));
}

TEST(IntakeLists, TheManualsExamplesAreGood) {
  std::ifstream stream(TB_INTAKES_MD);
  std::stringstream manual;
  manual << stream.rdbuf();
  const std::string text = manual.str();
  constexpr char kBegin[] = "```yaml\n";
  int examples = 0;
  for (size_t at = text.find(kBegin); at != std::string::npos; at = text.find(kBegin, at), ++examples) {
    at += sizeof(kBegin) - 1;
    const LoadedConfig loaded = Parsed(text.substr(at, text.find("```", at) - at));
    std::vector<std::string> errors;
    ValidateIntake(loaded.config.intake, {"sfn"}, errors);
    EXPECT_THAT(errors, testing::IsEmpty());
  }
  EXPECT_EQ(examples, 4);
}

}  // namespace
}  // namespace tokenbroker
