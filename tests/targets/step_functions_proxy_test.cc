#include "server/targets/step_functions_proxy.h"

#include <gtest/gtest.h>

#include "tests/outbound/fake_http.h"
#include "tests/targets/fixtures.h"

namespace tokenbroker::targets {
namespace {

class ProxyTest : public testing::Test {
 protected:
  StepFunctionsProxy::Reply Pass(const std::string& body) {
    StepFunctionsProxy::Reply reply{.status = 0};
    proxy_->Pass("SendTaskSuccess", body, [&](StepFunctionsProxy::Reply the_reply) { reply = std::move(the_reply); });
    return reply;
  }

  ManualClock clock_{kNow};
  outbound::ManualTimers timers_{clock_};
  outbound::FakeHttp http_;
  QuotaBook quotas_{clock_, timers_};
  std::unique_ptr<StepFunctionsProxy> proxy_ = std::make_unique<StepFunctionsProxy>(
      std::make_unique<StepFunctionsApi>(StepFunctionsPlace{.region = "eu-west-1", .account = "1", .longest_wait = 0},
                                         http_, FixedCredentials(clock_), quotas_, clock_));
};

TEST_F(ProxyTest, PassesCallAndAnswerUnchanged) {
  const std::string refusal = R"({"__type":"com.amazonaws.swf.service.v2.model#TaskTimedOut", "message":"m"})";
  http_.answer = [&](const outbound::HttpRequest&) {
    return outbound::Answered(
        400, refusal, {{"content-type", "application/x-amz-json-1.0"}, {"x-amzn-requestid", "r"}, {"server", "s"}});
  };
  const auto reply = Pass("{ \"taskToken\": \"T\",\n\"output\":\"1\" }");
  EXPECT_EQ(http_.requests.back().body, "{ \"taskToken\": \"T\",\n\"output\":\"1\" }");
  EXPECT_EQ(FieldOf(http_.requests.back(), "X-Amz-Target"), "AWSStepFunctions.SendTaskSuccess");
  EXPECT_EQ(reply.status, 400);
  EXPECT_EQ(reply.content_type, "application/x-amz-json-1.0");
  EXPECT_EQ(reply.body, refusal);
  EXPECT_EQ(reply.error, "TaskTimedOut");
  ASSERT_EQ(reply.headers.size(), 1u);
  EXPECT_EQ(reply.headers[0].first, "x-amzn-requestid");
  EXPECT_EQ(reply.headers[0].second, "r");
}

TEST_F(ProxyTest, AnswersAsAwsDoesWhereThereIsNoAnswer) {
  http_.answer = [](const outbound::HttpRequest&) {
    return outbound::Failed(outbound::HttpResult::Failure::kTimeout, true);
  };
  const auto reply = Pass("{}");
  EXPECT_EQ(reply.status, 503);
  EXPECT_EQ(reply.body, R"({"__type":"com.amazon.coral.service#ServiceUnavailableException",)"
                        R"("message":"The broker could not ask Step Functions: timeout"})");
}

TEST_F(ProxyTest, KeepsToTheQuotaToo) {
  quotas_.Grant("1", "eu-west-1", {1, 1});
  http_.answer = [](const outbound::HttpRequest&) { return outbound::Answered(200, "{}"); };
  EXPECT_EQ(Pass("{}").status, 200);
  EXPECT_EQ(Pass("{}").body,
            R"({"__type":"com.amazon.coral.availability#ThrottlingException","message":"Rate exceeded"})");
  EXPECT_EQ(http_.requests.size(), 1u);
}

TEST_F(ProxyTest, PassesOnlyWhatIsAboutATask) {
  EXPECT_TRUE(StepFunctionsProxy::Passes("SendTaskSuccess"));
  EXPECT_TRUE(StepFunctionsProxy::Passes("SendTaskHeartbeat"));
  EXPECT_FALSE(StepFunctionsProxy::Passes("StartExecution"));
}

}  // namespace
}  // namespace tokenbroker::targets
