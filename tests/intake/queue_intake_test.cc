#include <gmock/gmock.h>

#include "tests/intake/intake_fixture.h"

namespace tokenbroker::intake {
namespace {

using broker::Reason;
using broker::Ref;
using broker::TaskState;
using outbound::Answered;
using outbound::Failed;
using outbound::HttpResult;
using testing::HasSubstr;
using testing::Not;

class QueueIntakeTest : public IntakeFixture {
 protected:
  using IntakeFixture::IntakeFixture;

  // The next `times` calls of the operation get this answer, and nothing else happens.
  void Refuse(const std::string& operation, HttpResult result, int times) {
    aws_.before = [=, left = std::make_shared<int>(times)](const std::string& asked,
                                                           const Json&) -> std::optional<HttpResult> {
      if (asked != operation || (*left)-- <= 0) return std::nullopt;
      return result;
    };
  }
};

TEST_F(QueueIntakeTest, MakesATaskOfAMessageAndDeletesIt) {
  aws_.Put(R"({"TaskToken":"AQC+/one==","orderId":"o-1","amount":1.50})");
  StartQueue();
  EXPECT_EQ(Task("o-1").state, TaskState::kWaiting);
  EXPECT_EQ(Task("o-1").input, R"({"TaskToken":"[task token]","orderId":"o-1","amount":1.50})");
  EXPECT_EQ(Task("o-1").deadline, broker_.now() + Millis(24h).count());
  EXPECT_TRUE(aws_.callbacks().empty());
  EXPECT_EQ(Counts(), "registered 1, replayed 0, bad 0, returned 0");
  EXPECT_EQ(Sample("tokenbroker_intake_received_total{intake=\"callbacks\"} "), "1");
  // Whoever has Step Functions' own token may settle with it.
  EXPECT_TRUE(broker_.Succeed(Ref::Token("AQC+/one=="), "1").ok());
}

TEST_F(QueueIntakeTest, TakesTenAtATimeAndGoesOnAtOnce) {
  for (int i = 0; i < 25; ++i) aws_.Put(Body("token-" + std::to_string(i), "o-" + std::to_string(i)));
  StartQueue();
  EXPECT_EQ(tasks(), 25u);
  EXPECT_TRUE(aws_.callbacks().empty());
  EXPECT_EQ(aws_.Count("DeleteMessageBatch"), 3);
}

TEST_F(QueueIntakeTest, AsksAQueueThatDoesNotHoldTheQuestionOnceASecond) {
  StartQueue();
  Advance(10s);
  EXPECT_EQ(aws_.Count("ReceiveMessage"), 11);
}

TEST_F(QueueIntakeTest, AMessageThatWasNotDeletedMakesNoSecondTask) {
  aws_.Put(Body("token-1", "o-1"));
  Refuse("DeleteMessageBatch", Failed(HttpResult::Failure::kCut, true), 1);
  StartQueue();
  EXPECT_EQ(aws_.callbacks().size(), 1u);
  Advance(31s);
  EXPECT_TRUE(aws_.callbacks().empty());
  EXPECT_EQ(tasks(), 1u);
  EXPECT_EQ(Counts(), "registered 1, replayed 1, bad 0, returned 0");
}

TEST_F(QueueIntakeTest, ATokenThatComesTwiceMakesOneTask) {
  aws_.Put(Body("token-1", "o-1"));
  aws_.Put(Body("token-1", "o-1"));
  StartQueue();
  EXPECT_EQ(tasks(), 1u);
  EXPECT_EQ(Counts(), "registered 1, replayed 1, bad 0, returned 0");
  EXPECT_TRUE(aws_.callbacks().empty());
}

TEST_F(QueueIntakeTest, ACrashBetweenStoreAndDeleteIsNotSeenInTheTasks) {
  aws_.Put(Body("token-1", "o-1"));
  // The question to delete is the last thing that this process does.
  http_.answer = [this](const outbound::HttpRequest& request) { return aws_.Answer(request); };
  aws_.before = [](const std::string& operation, const Json&) -> std::optional<HttpResult> {
    if (operation != "DeleteMessageBatch") return std::nullopt;
    return Failed(HttpResult::Failure::kClosed, true);
  };
  StartQueue();
  ASSERT_EQ(Task("o-1").state, TaskState::kWaiting);
  Crash();
  aws_.before = nullptr;
  broker_.Advance(31s);
  StartQueue();
  EXPECT_EQ(tasks(), 1u);
  EXPECT_EQ(Counts(), "registered 0, replayed 1, bad 0, returned 0");
  EXPECT_TRUE(aws_.callbacks().empty());
}

TEST_F(QueueIntakeTest, ACrashBeforeTheStoreLosesNothing) {
  aws_.Put(Body("token-1", "o-1"));
  broker_.broker().SetDiskFull(true);
  StartQueue();
  Crash();
  broker_.Advance(61s);
  StartQueue();
  EXPECT_EQ(Task("o-1").state, TaskState::kWaiting);
  EXPECT_TRUE(aws_.callbacks().empty());
}

TEST_F(QueueIntakeTest, SendsBadMessagesToTheDeadLetterQueueWithTheReason) {
  aws_.Put("no JSON");
  aws_.Put(R"({"orderId":"o-1"})");
  aws_.Put(Body("token-1", "o-1"));
  aws_.Put(Body("token-2", "o-1"));
  StartQueue();
  EXPECT_EQ(Task("o-1").state, TaskState::kWaiting);
  EXPECT_TRUE(aws_.callbacks().empty());
  ASSERT_EQ(aws_.dead().size(), 3u);
  const auto reason = [this](size_t i) {
    return aws_.dead()[i].attributes["TokenBroker.Reason"]["StringValue"].get<std::string>();
  };
  EXPECT_THAT(reason(0), HasSubstr("INVALID_FIELD: message must be JSON"));
  EXPECT_EQ(reason(1), "INVALID_FIELD: token ($.TaskToken) is not in the message");
  EXPECT_THAT(reason(2), HasSubstr("CORRELATION_KEY_IN_USE: "));
  EXPECT_THAT(reason(2), Not(HasSubstr("token-2")));
  EXPECT_EQ(aws_.dead()[0].body, "no JSON");
  EXPECT_EQ(aws_.dead()[0].attributes["TokenBroker.MessageId"]["StringValue"], "m1");
  EXPECT_EQ(aws_.dead()[0].attributes["TokenBroker.Intake"]["StringValue"], "callbacks");
  EXPECT_EQ(Counts(), "registered 1, replayed 0, bad 3, returned 0");
}

TEST_F(QueueIntakeTest, WhatTheDeadLetterQueueDoesNotTakeStays) {
  aws_.Put("no JSON");
  aws_.Put(Body("token-1", "o-1"));
  Refuse("SendMessage", Answered(400, R"({"__type":"com.amazonaws.sqs#QueueDoesNotExist"})"), 1);
  StartQueue();
  ASSERT_EQ(aws_.callbacks().size(), 1u);
  EXPECT_EQ(aws_.callbacks()[0].body, "no JSON");
  Advance(31s);
  EXPECT_TRUE(aws_.callbacks().empty());
  EXPECT_EQ(aws_.dead().size(), 1u);
}

TEST_F(QueueIntakeTest, WithoutADeadLetterQueueABadMessageIsLeftToTheQueue) {
  QueueIntake queue = Queue();
  queue.dead_letter_url = "";
  aws_.Put("no JSON");
  StartQueue(queue);
  Advance(61s);
  ASSERT_EQ(aws_.callbacks().size(), 1u);
  EXPECT_EQ(aws_.callbacks()[0].receives, 3);
  EXPECT_EQ(aws_.Count("DeleteMessageBatch"), 0);
}

TEST_F(QueueIntakeTest, TakesInNothingWhileTheDiskIsFull) {
  for (int i = 0; i < 20; ++i) aws_.Put(Body("token-" + std::to_string(i), "o-" + std::to_string(i)));
  broker_.broker().SetDiskFull(true);
  StartQueue();
  Advance(10min);
  // One handful is kept hidden all the while; the other ten were never asked for.
  EXPECT_EQ(aws_.Count("ReceiveMessage"), 1);
  EXPECT_GT(aws_.Count("ChangeMessageVisibilityBatch"), 5);
  for (const FakeAws::Message& message : aws_.callbacks()) EXPECT_LE(message.receives, 1);
  EXPECT_EQ(tasks(), 0u);
  EXPECT_EQ(Sample("tokenbroker_intake_holding_back{intake=\"callbacks\"} "), "1");
  broker_.broker().SetDiskFull(false);
  Advance(61s);
  EXPECT_EQ(tasks(), 20u);
  EXPECT_TRUE(aws_.callbacks().empty());
  EXPECT_EQ(Counts(), "registered 20, replayed 0, bad 0, returned 0");
  EXPECT_EQ(Sample("tokenbroker_intake_holding_back{intake=\"callbacks\"} "), "0");
}

TEST_F(QueueIntakeTest, AllPollersHoldBackOnceOneWasRefused) {
  QueueIntake queue = Queue();
  queue.pollers = 4;
  broker_.broker().SetDiskFull(true);
  StartQueue(queue);
  for (int i = 0; i < 100; ++i) aws_.Put(Body("token-" + std::to_string(i), "o-" + std::to_string(i)));
  Advance(2min);
  int received = 0;
  for (const FakeAws::Message& message : aws_.callbacks()) received += message.receives;
  // At most a handful each.
  EXPECT_LE(received, 40);
  EXPECT_GE(received, 10);
  broker_.broker().SetDiskFull(false);
  Advance(2min);
  EXPECT_EQ(tasks(), 100u);
}

class FullNamespaceTest : public QueueIntakeTest {
 protected:
  static broker::Settings OneTask() {
    broker::Settings settings;
    settings.limits.open_tasks_per_namespace = 1;
    return settings;
  }
  FullNamespaceTest() : QueueIntakeTest(OneTask()) {}
};

TEST_F(FullNamespaceTest, WhatHasNoRoomWaitsForItWhileTheRestIsStored) {
  aws_.Put(Body("token-1", "o-1"));
  aws_.Put(Body("token-2", "o-2"));
  StartQueue();
  Advance(30s);
  EXPECT_EQ(tasks(), 1u);
  EXPECT_TRUE(aws_.dead().empty());
  ASSERT_TRUE(broker_.Succeed(Ref::Key("o-1"), "1").ok());
  Advance(61s);
  EXPECT_EQ(Task("o-2").state, TaskState::kWaiting);
  EXPECT_TRUE(aws_.callbacks().empty());
}

TEST_F(QueueIntakeTest, ThrottlingAndOutagesAreWaitedOutWithGrowingPauses) {
  aws_.Put(Body("token-1", "o-1"));
  Refuse("ReceiveMessage", Answered(400, R"({"__type":"com.amazonaws.sqs#RequestThrottled"})"), 1'000);
  StartQueue();
  Advance(10min);
  const int asked = aws_.Count("ReceiveMessage");
  EXPECT_GT(asked, 15);
  EXPECT_LT(asked, 40);
  EXPECT_EQ(Sample("tokenbroker_intake_failed_calls_total{intake=\"callbacks\"} "), std::to_string(asked));
  aws_.before = nullptr;
  Advance(61s);
  EXPECT_EQ(Task("o-1").state, TaskState::kWaiting);
}

TEST_F(QueueIntakeTest, AnAnswerThatIsNoneIsAFailure) {
  aws_.Put(Body("token-1", "o-1"));
  Refuse("ReceiveMessage", Answered(200, "<html>"), 2);
  StartQueue();
  Advance(5s);
  EXPECT_EQ(Task("o-1").state, TaskState::kWaiting);
}

TEST_F(QueueIntakeTest, AfterAnAnswerThatIsTooLargeItAsksForOneMessage) {
  for (int i = 0; i < 3; ++i) aws_.Put(Body("token-" + std::to_string(i), "o-" + std::to_string(i)));
  std::vector<int> asked;
  aws_.before = [&](const std::string& operation, const Json& body) -> std::optional<HttpResult> {
    if (operation != "ReceiveMessage") return std::nullopt;
    asked.push_back(body["MaxNumberOfMessages"]);
    if (asked.size() > 1) return std::nullopt;
    return Failed(HttpResult::Failure::kTooLarge, true);
  };
  StartQueue();
  Advance(10s);
  EXPECT_EQ(tasks(), 3u);
  EXPECT_EQ(asked[0], 10);
  EXPECT_EQ(asked[1], 1);
  EXPECT_EQ(asked.back(), 10);
}

TEST_F(QueueIntakeTest, ExpiredCredentialsAreFetchedAnewAtOnce) {
  aws_.Put(Body("token-1", "o-1"));
  aws_.before = [this](const std::string& operation, const Json&) -> std::optional<HttpResult> {
    if (operation != "ReceiveMessage" || aws_.authorizations.back().find("FRESH") != std::string::npos) {
      return std::nullopt;
    }
    variables_["AWS_ACCESS_KEY_ID"] = "FRESH";
    return Answered(403, R"({"__type":"ExpiredToken"})");
  };
  StartQueue();
  EXPECT_EQ(Task("o-1").state, TaskState::kWaiting);
  EXPECT_EQ(Sample("tokenbroker_intake_failed_calls_total{intake=\"callbacks\"} "), "0");
}

TEST_F(QueueIntakeTest, WithoutCredentialsNothingIsSentUntilThereAreSome) {
  aws_.Put(Body("token-1", "o-1"));
  variables_.clear();
  http_.answer = [this](const outbound::HttpRequest& request) {
    // The instance's metadata, which this machine does not have.
    if (request.url.find("sqs") == std::string::npos) return Failed(HttpResult::Failure::kConnect, false);
    return aws_.Answer(request);
  };
  StartQueue();
  Advance(1min);
  EXPECT_TRUE(aws_.asked.empty());
  variables_ = {{"AWS_ACCESS_KEY_ID", "AKID"}, {"AWS_SECRET_ACCESS_KEY", "secret"}};
  Advance(2min);
  EXPECT_EQ(Task("o-1").state, TaskState::kWaiting);
}

TEST_F(QueueIntakeTest, DrainsWithWhatIsInHand) {
  aws_.Put(Body("token-1", "o-1"));
  http_.answer = nullptr;
  StartQueue();
  ASSERT_EQ(http_.parked.size(), 1u);
  http_.Release(aws_.Answer(http_.requests.back()));
  intakes_->Drain();
  EXPECT_EQ(intakes_->in_hand(), 1);
  Run();
  EXPECT_EQ(Task("o-1").state, TaskState::kWaiting);
  ASSERT_EQ(http_.parked.size(), 1u);  // to delete it
  http_.Release(aws_.Answer(http_.requests.back()));
  Run();
  EXPECT_EQ(intakes_->in_hand(), 0);
  Advance(2min);
  EXPECT_TRUE(http_.parked.empty()) << "asks for more";
  EXPECT_TRUE(aws_.callbacks().empty());
}

TEST_F(QueueIntakeTest, GivesBackWhatTheBrokerDoesNotTakeBeforeItEnds) {
  aws_.Put(Body("token-1", "o-1"));
  broker_.broker().SetDiskFull(true);
  StartQueue();
  Advance(5s);
  EXPECT_EQ(intakes_->in_hand(), 1);
  intakes_->Drain();
  Run();
  EXPECT_EQ(intakes_->in_hand(), 0);
  ASSERT_EQ(aws_.callbacks().size(), 1u);
  EXPECT_LE(aws_.callbacks()[0].visible_at, broker_.now()) << "another broker may have it now";
  EXPECT_EQ(Counts(), "registered 0, replayed 0, bad 0, returned 1");
}

TEST_F(QueueIntakeTest, FindsTheRegionInTheUrlOrInTheEnvironment) {
  StartQueue();
  EXPECT_THAT(aws_.authorizations.back(), HasSubstr("/eu-west-1/sqs/aws4_request"));
  Crash();
  QueueIntake elsewhere = Queue();
  elsewhere.url = "http://127.0.0.1:5000/1/callbacks";
  variables_["AWS_REGION"] = "us-west-2";
  StartQueue(elsewhere);
  EXPECT_THAT(aws_.authorizations.back(), HasSubstr("/us-west-2/sqs/aws4_request"));
  EXPECT_EQ(http_.requests.back().url, "http://127.0.0.1:5000/");
}

}  // namespace
}  // namespace tokenbroker::intake
