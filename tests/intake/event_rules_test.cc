#include "server/intake/event_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tokenbroker::intake {
namespace {

using testing::HasSubstr;

// What EventBridge makes of the coffee shop's PutEvents.
constexpr char kEvent[] =
    R"({"version":"0","id":"7bf73129","detail-type":"OrderProcessor.WorkflowStarted",)"
    R"("source":"awsserverlessda.serverlesspresso","account":"123456789012","time":"2026-11-20T18:16:06Z",)"
    R"("region":"eu-west-1","resources":[],"detail":{"Message":"The workflow waits","TaskToken":"AQC-1",)"
    R"("orderId":"1","userId":"2"}})";

std::unique_ptr<EventRules> Rules(MetricsRegistry& registry) {
  EventIntake started;
  started.name = "started";
  started.source = "awsserverlessda.serverlesspresso";
  started.detail_type = "OrderProcessor.WorkflowStarted";
  started.task.name_space = "coffee";
  started.task.token = "$.detail.TaskToken";
  started.task.key = "$.detail.orderId";
  started.task.labels = {{"user", "$.detail.userId"}};
  EventIntake waiting = started;
  waiting.name = "waiting";
  waiting.detail_type = "OrderProcessor.WaitingCompletion";
  waiting.task.key = "$.detail.orderNumber";
  return *EventRules::Make({started, waiting}, registry);
}

TEST(EventRules, MakesTheRequestOfTheRuleThatFits) {
  MetricsRegistry registry;
  const auto rules = Rules(registry);
  const EventRules::Match match = rules->Read("coffee", kEvent);
  ASSERT_FALSE(match.refusal) << match.refusal.message;
  EXPECT_EQ(match.rule->config.name, "started");
  EXPECT_EQ(match.request.namespace_(), "coffee");
  EXPECT_EQ(match.request.upstream_token(), "AQC-1");
  EXPECT_EQ(match.request.correlation_key(), "1");
  EXPECT_EQ(match.request.labels().at("user"), "2");
  EXPECT_EQ(match.request.input(),
            R"({"Message":"The workflow waits","TaskToken":"[task token]","orderId":"1","userId":"2"})");
}

TEST(EventRules, SaysWhyAnEventIsNotTaken) {
  MetricsRegistry registry;
  const auto rules = Rules(registry);
  const auto refusal = [&](const char* name_space, const std::string& event) {
    return rules->Read(name_space, event).refusal.message;
  };
  EXPECT_THAT(refusal("coffee", "{"), HasSubstr("event must be JSON: "));
  EXPECT_THAT(refusal("coffee", "[]"), HasSubstr("must be there, a string"));
  EXPECT_THAT(refusal("coffee", R"({"source":"a"})"), HasSubstr("detail-type must be there, a string"));
  EXPECT_THAT(refusal("coffee", R"({"source":1,"detail-type":"b"})"), HasSubstr("source must be there, a string"));
  EXPECT_THAT(refusal("coffee", R"({"source":"a","detail-type":"b"})"), HasSubstr("those of no rule"));
  EXPECT_THAT(refusal("tea", kEvent), HasSubstr("those of no rule among intake.events for this namespace"));
  EXPECT_EQ(refusal("coffee", R"({"source":"awsserverlessda.serverlesspresso",)"
                              R"("detail-type":"OrderProcessor.WaitingCompletion","detail":{"TaskToken":"A"}})"),
            "key ($.detail.orderNumber) is not in the message");
}

}  // namespace
}  // namespace tokenbroker::intake
