// POST /v1/namespaces/{namespace}/events.
#include <gmock/gmock.h>

#include "tests/web/web_fixture.h"

namespace tokenbroker::web {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr char kPath[] = "/v1/namespaces/coffee/events";

class EventsTest : public WebFixture {
 protected:
  std::vector<EventIntake> Events() override {
    EventIntake started;
    started.name = "started";
    started.source = "awsserverlessda.serverlesspresso";
    started.detail_type = "OrderProcessor.WorkflowStarted";
    started.task.name_space = "coffee";
    started.task.token = "$.detail.TaskToken";
    started.task.key = "$.detail.orderId";
    started.task.timeout = "15m";
    return {started};
  }

  static Json Event(const std::string& token, const std::string& order) {
    return {{"version", "0"},
            {"id", "7bf73129"},
            {"source", "awsserverlessda.serverlesspresso"},
            {"detail-type", "OrderProcessor.WorkflowStarted"},
            {"detail", {{"TaskToken", token}, {"orderId", order}, {"userId", "2"}}}};
  }

  bool Counted(const std::string& result, int count) {
    return registry_.Render(Exposition::kPrometheus)
               .find("\ntokenbroker_intake_tasks_total{intake=\"started\",result=\"" + result + "\"} " +
                     std::to_string(count) + "\n") != std::string::npos;
  }
};

TEST_F(EventsTest, AnEventMakesATaskAndIsToldItsId) {
  const Answer answer = Post(kPath, Event("AQC-1", "o-1"));
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(answer.body.value("state", ""), "TASK_STATE_WAITING");
  EXPECT_FALSE(answer.body.contains("token"));
  const pb::Task task = Look(answer.body["taskId"]);
  EXPECT_EQ(task.correlation_key(), "o-1");
  EXPECT_THAT(task.input(), Not(HasSubstr("AQC-1")));
  EXPECT_THAT(task.input(), HasSubstr("userId"));
  EXPECT_TRUE(Counted("registered", 1));
}

TEST_F(EventsTest, ThatComesAgainIsToldTheSameId) {
  const Answer first = Post(kPath, Event("AQC-1", "o-1"));
  const Answer again = Post(kPath, Event("AQC-1", "o-1"));
  ASSERT_EQ(again.status, 200) << again.body;
  EXPECT_EQ(again.body["taskId"], first.body["taskId"]);
  EXPECT_EQ(again.body["replayed"], true);
  EXPECT_TRUE(Counted("registered", 1));
  EXPECT_TRUE(Counted("replayed", 1));
}

TEST_F(EventsTest, TheLegacySystemSettlesByItsOwnKey) {
  ASSERT_EQ(Post(kPath, Event("AQC-1", "o-1")).status, 200);
  EXPECT_EQ(Post("/v1/namespaces/coffee/keys/o-1:succeed", {{"output", "{}"}}).status, 200);
}

TEST_F(EventsTest, SaysWhatIsWrongWithAnEvent) {
  Json event = Event("AQC-1", "o-1");
  event["detail-type"] = "Other";
  Answer answer = Post(kPath, event);
  EXPECT_EQ(answer.status, 400);
  EXPECT_EQ(answer.Reason(), "INVALID_FIELD");
  EXPECT_THAT(answer.Message(), HasSubstr("those of no rule among intake.events"));

  event = Event("AQC-1", "o-1");
  event["detail"].erase("TaskToken");
  answer = Post(kPath, event);
  EXPECT_EQ(answer.status, 400);
  EXPECT_EQ(answer.Message(), "token ($.detail.TaskToken) is not in the message");
  EXPECT_EQ(answer.Field(), "token");
  EXPECT_TRUE(Counted("bad", 1));

  EXPECT_EQ(PostText(kPath, "{").status, 400);
  EXPECT_EQ(PostText(kPath, "").status, 400);
  EXPECT_EQ(PostText(kPath, Event("A", "o").dump(), {{"Content-Type", "text/plain"}}).status, 400);
  EXPECT_EQ(Post("/v1/namespaces/tea/events", Event("AQC-1", "o-1")).status, 400);
  EXPECT_EQ(Get(kPath).status, 405);
  EXPECT_EQ(Post(kPath, Event("AQC-1", "o-1"), {{"Origin", "https://evil.example"}}).status, 403);
}

TEST_F(EventsTest, AKeyThatIsInUseIsAConflict) {
  ASSERT_EQ(Post(kPath, Event("AQC-1", "o-1")).status, 200);
  const Answer answer = Post(kPath, Event("AQC-2", "o-1"));
  EXPECT_EQ(answer.status, 409);
  EXPECT_EQ(answer.Reason(), "CORRELATION_KEY_IN_USE");
  EXPECT_THAT(answer.body.dump(), Not(HasSubstr("AQC-2")));
  EXPECT_TRUE(Counted("bad", 1));
}

TEST_F(EventsTest, ATokenWithOtherContentIsAConflict) {
  ASSERT_EQ(Post(kPath, Event("AQC-1", "o-1")).status, 200);
  const Answer answer = Post(kPath, Event("AQC-1", "o-2"));
  EXPECT_EQ(answer.status, 409);
  EXPECT_EQ(answer.Reason(), "UPSTREAM_TOKEN_IN_USE");
  EXPECT_EQ(answer.Message(), "a task was made of this token before, with other content");
  EXPECT_TRUE(Counted("bad", 1));
}

TEST_F(EventsTest, IsAskedToComeBackWhileTheBrokerIsFull) {
  broker_->SetDiskFull(true);
  EXPECT_EQ(Post(kPath, Event("AQC-1", "o-1")).status, 429);
  EXPECT_TRUE(Counted("returned", 1));
  broker_->SetDiskFull(false);
  EXPECT_EQ(Post(kPath, Event("AQC-1", "o-1")).status, 200);
}

TEST(NoEvents, WithoutRulesEveryEventIsRefused) {
  MetricsRegistry registry;
  EXPECT_TRUE((*intake::EventRules::Make({}, registry))->Read("coffee", R"({"source":"a","detail-type":"b"})").refusal);
}

}  // namespace
}  // namespace tokenbroker::web
