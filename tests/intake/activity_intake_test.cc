#include <gmock/gmock.h>

#include "server/intake/activity_poller.h"
#include "tests/intake/intake_fixture.h"

namespace tokenbroker::intake {
namespace {

using broker::Ref;
using broker::TaskState;
using outbound::Answered;
using outbound::Failed;
using outbound::HttpResult;
using testing::HasSubstr;

class ActivityIntakeTest : public IntakeFixture {
 protected:
  void Offer(const std::string& token, const std::string& input) {
    aws_.activity_tasks.push_back({{"taskToken", token}, {"input", input}});
  }
};

TEST_F(ActivityIntakeTest, MakesATaskOfEachThatIsHandedOut) {
  Offer("AQC-1", R"({"orderId":"o-1"})");
  Offer("AQC-2", R"({"orderId":"o-2"})");
  StartActivity();
  EXPECT_EQ(Task("o-1").input, R"({"orderId":"o-1"})");
  EXPECT_EQ(Task("o-2").state, TaskState::kWaiting);
  EXPECT_EQ(Counts("review"), "registered 2, replayed 0, bad 0, returned 0");
  EXPECT_TRUE(broker_.Succeed(Ref::Token("AQC-1"), "1").ok());
  EXPECT_THAT(aws_.authorizations.back(), HasSubstr("/eu-west-1/states/aws4_request"));
  EXPECT_EQ(http_.requests.back().url, "https://states.eu-west-1.amazonaws.com/");
}

TEST_F(ActivityIntakeTest, HoldsTheQuestionForLongerThanStepFunctionsDoes) {
  StartActivity();
  EXPECT_GT(http_.requests.back().timeout, 65'000);
}

TEST_F(ActivityIntakeTest, LabelsTasksWithTheirActivity) {
  Offer("AQC-1", R"({"orderId":"o-1"})");
  StartActivity();
  EXPECT_EQ(
      broker_.List({.labels = {{"activity", "review"}, {"account", "123456789012"}, {"region", "eu-west-1"}}}).size(),
      1u);
}

TEST_F(ActivityIntakeTest, FailsWhatCanNeverBeATask) {
  Offer("AQC-1", R"({"orderNumber":1})");
  StartActivity();
  ASSERT_EQ(aws_.failures.size(), 1u);
  EXPECT_EQ(aws_.failures[0], (Json{{"taskToken", "AQC-1"},
                                    {"error", "TokenBroker.NotRegistered"},
                                    {"cause", "INVALID_FIELD: key ($.orderId) is not in the message"}}));
  EXPECT_EQ(Counts("review"), "registered 0, replayed 0, bad 1, returned 0");
}

TEST_F(ActivityIntakeTest, FailsItAgainWhenThatIsThrottled) {
  Offer("AQC-1", "{}");
  aws_.before = [this](const std::string& operation, const Json&) -> std::optional<HttpResult> {
    if (operation != "SendTaskFailure" || aws_.Count("SendTaskFailure") > 2) return std::nullopt;
    return Answered(400, R"({"__type":"ThrottlingException"})");
  };
  StartActivity();
  Advance(10s);
  EXPECT_EQ(aws_.failures.size(), 1u);
}

TEST_F(ActivityIntakeTest, KeepsATaskInHandHoweverLongTheBrokerIsFull) {
  Offer("AQC-1", R"({"orderId":"o-1"})");
  Offer("AQC-2", R"({"orderId":"o-2"})");
  broker_.broker().SetDiskFull(true);
  StartActivity();
  Advance(1h);
  EXPECT_EQ(aws_.activity_tasks.size(), 1u) << "asks for what it cannot store";
  EXPECT_TRUE(aws_.failures.empty());
  broker_.broker().SetDiskFull(false);
  Advance(2min);
  EXPECT_EQ(Task("o-1").state, TaskState::kWaiting);
  EXPECT_EQ(Task("o-2").state, TaskState::kWaiting);
}

TEST_F(ActivityIntakeTest, PollsWithAsManyAsConfigured) {
  ActivityIntake activity = Activity();
  activity.pollers = 3;
  http_.answer = nullptr;
  StartActivity(activity);
  EXPECT_EQ(http_.parked.size(), 3u);
  Advance(5min);
  EXPECT_EQ(http_.requests.size(), 3u);
}

TEST_F(ActivityIntakeTest, ThrottlingAndCutConnectionsAreWaitedOut) {
  Offer("AQC-1", R"({"orderId":"o-1"})");
  aws_.before = [this](const std::string& operation, const Json&) -> std::optional<HttpResult> {
    const int asked = aws_.Count(operation);
    if (asked <= 3) return Answered(400, R"({"__type":"ThrottlingException"})");
    if (asked <= 6) return Failed(HttpResult::Failure::kTimeout, true);
    return std::nullopt;
  };
  StartActivity();
  EXPECT_EQ(tasks(), 0u);
  Advance(1min);
  EXPECT_EQ(tasks(), 1u);
}

TEST_F(ActivityIntakeTest, ATaskThatComesWhileTheBrokerEndsIsStored) {
  Offer("AQC-1", R"({"orderId":"o-1"})");
  http_.answer = nullptr;
  StartActivity();
  intakes_->Drain();
  Run();
  http_.Release(aws_.Answer(http_.requests.back()));
  Run();
  EXPECT_EQ(Task("o-1").state, TaskState::kWaiting);
  Advance(1min);
  EXPECT_EQ(http_.requests.size(), 1u) << "asks for more";
}

TEST(ReadActivityTask, UnderstandsEveryWayToSayNothing) {
  for (const char* body : {"{}", R"({"taskToken":null,"input":null})", R"({"taskToken":""})"}) {
    const std::optional<ActivityTask> task = ReadActivityTask(body);
    ASSERT_TRUE(task.has_value()) << body;
    EXPECT_EQ(task->token, "");
  }
  for (const char* body : {"", "null", "[]", "<html>"}) EXPECT_FALSE(ReadActivityTask(body).has_value()) << body;
}

}  // namespace
}  // namespace tokenbroker::intake
