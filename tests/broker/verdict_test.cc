// The table in rules.h, row by row.
#include <gtest/gtest.h>

#include "tests/testing/broker_harness.h"

namespace tokenbroker::broker {
namespace {

class VerdictTest : public testing::Test {
 protected:
  BrokerHarness broker_;
};

TEST_F(VerdictTest, TheFirstOutcomeIsAccepted) {
  const Issued task = broker_.Issue({.input = R"({"total":3})"});
  const Settled settled = broker_.Succeed(task, R"({"paid":true})");
  EXPECT_EQ(settled.verdict, Verdict::kAccepted);
  EXPECT_EQ(settled.task, task.task);
  const Seen seen = broker_.Get(task);
  EXPECT_EQ(seen.state, TaskState::kSucceeded);
  EXPECT_EQ(seen.input, R"({"total":3})");
  EXPECT_EQ(seen.output, R"({"paid":true})");
  EXPECT_EQ(seen.resolved_by, "anonymous");
  EXPECT_EQ(seen.resolved_at, broker_.now());
}

TEST_F(VerdictTest, TheSameOutcomeAgainIsReplayed) {
  const Issued success = broker_.Issue();
  const Issued failure = broker_.Issue();
  broker_.Succeed(success, "1");
  broker_.Fail(failure, "E", "why");
  EXPECT_EQ(broker_.Succeed(success, "1").verdict, Verdict::kReplayed);
  EXPECT_EQ(broker_.Fail(failure, "E", "why").verdict, Verdict::kReplayed);
  EXPECT_TRUE(broker_.Fail(failure, "E", "why").ok());
}

TEST_F(VerdictTest, AnotherOutcomeConflictsAndLearnsWhatIsRecorded) {
  const Issued task = broker_.Issue();
  broker_.Fail(task, "E", "why");
  broker_.Advance(5s);
  for (const Settled& other :
       {broker_.Succeed(task, "1"), broker_.Fail(task, "E", "other"), broker_.Fail(task, "F", "why")}) {
    EXPECT_EQ(other.verdict, Verdict::kConflict);
    EXPECT_EQ(other.reason, Reason::kTaskAlreadyResolved);
    EXPECT_EQ(other.recorded.state, TaskState::kFailed);
    EXPECT_EQ(other.recorded.error, "E");
    EXPECT_EQ(other.recorded.cause, "why");
    EXPECT_EQ(other.recorded.resolved_by, "anonymous");
    EXPECT_EQ(other.recorded.time, broker_.now() - 5000);
  }
}

TEST_F(VerdictTest, OutputsAreComparedByteForByte) {
  const Issued task = broker_.Issue();
  broker_.Succeed(task, R"({"a":1})");
  EXPECT_EQ(broker_.Succeed(task, R"({"a": 1})").verdict, Verdict::kConflict);
}

TEST_F(VerdictTest, AnEmptyErrorIsAFailureAndNotASuccess) {
  const Issued task = broker_.Issue();
  broker_.Fail(task, "");
  EXPECT_EQ(broker_.Get(task).state, TaskState::kFailed);
  EXPECT_EQ(broker_.Fail(task, "").verdict, Verdict::kReplayed);
  EXPECT_EQ(broker_.Succeed(task, "").verdict, Verdict::kConflict);
}

TEST_F(VerdictTest, AnExpiredTaskAnswersExpiredToEverybody) {
  const Issued task = broker_.Issue({.timeout = 5s});
  broker_.Advance(5s);
  EXPECT_EQ(broker_.Succeed(task, "1").verdict, Verdict::kExpired);
  EXPECT_EQ(broker_.Fail(task, "Timeout").verdict, Verdict::kExpired)
      << "the words of an expiry do not make a replay of it";
  EXPECT_EQ(broker_.Beat(task).reason, Reason::kTaskExpired);
  EXPECT_EQ(broker_.Cancel(task).reason, Reason::kTaskExpired);
  EXPECT_EQ(broker_.Extend(task, 1h).reason, Reason::kTaskExpired);
}

TEST_F(VerdictTest, ACancelledTaskAnswersCancelledAndMayBeCancelledAgain) {
  const Issued task = broker_.Issue();
  EXPECT_TRUE(broker_.Cancel(task, "changed our mind").ok());
  EXPECT_EQ(broker_.Succeed(task, "1").verdict, Verdict::kCancelled);
  EXPECT_EQ(broker_.Succeed(task, "1").recorded.cause, "changed our mind");
  EXPECT_EQ(broker_.Beat(task).reason, Reason::kTaskCancelled);
  EXPECT_EQ(broker_.Extend(task, 1h).reason, Reason::kTaskCancelled);
  EXPECT_TRUE(broker_.Cancel(task, "again").ok());
  EXPECT_EQ(broker_.Get(task).cause, "changed our mind");
}

TEST_F(VerdictTest, AResolvedTaskRefusesHeartbeatCancelAndExtension) {
  const Issued task = broker_.Issue();
  broker_.Succeed(task, "1");
  EXPECT_EQ(broker_.Beat(task).reason, Reason::kTaskAlreadyResolved);
  EXPECT_EQ(broker_.Cancel(task).reason, Reason::kTaskAlreadyResolved);
  EXPECT_EQ(broker_.Extend(task, 1h).reason, Reason::kTaskAlreadyResolved);
  EXPECT_EQ(broker_.Cancel(task).recorded.state, TaskState::kSucceeded);
}

TEST_F(VerdictTest, ASupersededTaskAnswersSuperseded) {
  const Issued first = broker_.Issue({.correlation_key = "k", .attempt = 1});
  const Issued second = broker_.Issue({.correlation_key = "k", .attempt = 2});
  EXPECT_EQ(second.superseded, first.task);
  EXPECT_EQ(broker_.Succeed(first, "1").verdict, Verdict::kSuperseded);
  EXPECT_EQ(broker_.Beat(first).reason, Reason::kTaskSuperseded);
  EXPECT_EQ(broker_.Cancel(first).reason, Reason::kTaskSuperseded);
  EXPECT_EQ(broker_.Succeed(Ref::Key("k"), "2").task, second.task);
}

TEST_F(VerdictTest, ForgedAndMalformedNamesAreUnknown) {
  std::string forged = broker_.Issue().token;
  forged.back() = forged.back() == '0' ? '1' : '0';
  for (const Ref& name : {Ref::Token(forged), Ref::Token("some-upstream-token"), Ref::Token(""), Ref::Id("17"),
                          Ref::Id("00000000000000ffff"), Ref::Id("zz0000000000000001")}) {
    EXPECT_EQ(broker_.Succeed(name, "1").verdict, Verdict::kUnknown);
    EXPECT_EQ(broker_.Succeed(name, "1").reason, Reason::kTaskUnknown);
    EXPECT_EQ(broker_.Beat(name).reason, Reason::kTaskUnknown);
    EXPECT_EQ(broker_.Cancel(name).reason, Reason::kTaskUnknown);
    EXPECT_EQ(broker_.Extend(name, 1h).reason, Reason::kTaskUnknown);
    EXPECT_EQ(broker_.Get(name).reason, Reason::kTaskUnknown);
  }
}

TEST_F(VerdictTest, TheIdOfARecordThatIsNoTaskIsUnknown) {
  const Issued task = broker_.Issue();
  broker_.Succeed(task, "1");
  const Ref outcome = Ref::Id(FormatTaskId(0, task.task + 1));
  EXPECT_EQ(broker_.Succeed(outcome, "1").verdict, Verdict::kUnknown);
  EXPECT_EQ(broker_.Get(outcome).reason, Reason::kTaskUnknown);
}

TEST_F(VerdictTest, ADryRunSaysWhatWouldHappenAndChangesNothing) {
  const Issued task = broker_.Issue();
  const Sequence before = broker_.broker().committed();
  EXPECT_EQ(broker_.Peek(task, TaskState::kSucceeded, "1").verdict, Verdict::kAccepted);
  EXPECT_EQ(broker_.Peek(Ref::Key("none"), TaskState::kSucceeded, "1").verdict, Verdict::kParked);
  EXPECT_EQ(broker_.broker().committed(), before);
  EXPECT_EQ(broker_.Get(task).state, TaskState::kWaiting);
  broker_.Succeed(task, "1");
  EXPECT_EQ(broker_.Peek(task, TaskState::kSucceeded, "1").verdict, Verdict::kReplayed);
  EXPECT_EQ(broker_.Peek(task, TaskState::kFailed, "E").verdict, Verdict::kConflict);
}

TEST_F(VerdictTest, OfConcurrentOutcomesOneIsAccepted) {
  const Issued task = broker_.Issue();
  std::vector<std::unique_ptr<Call<ResolveOperation>>> calls;
  for (const char* output : {"1", "2", "1", "3"}) {
    auto call = std::make_unique<Call<ResolveOperation>>();
    call->op.principal = &Anybody();
    call->op.address = broker_.broker().AddressOfToken(task.token);
    call->op.output = output;
    broker_.broker().Submit(call->op);
    calls.push_back(std::move(call));
  }
  broker_.Run();
  EXPECT_EQ(calls[0]->op.verdict, Verdict::kAccepted);
  EXPECT_EQ(calls[1]->op.verdict, Verdict::kConflict);
  EXPECT_EQ(calls[2]->op.verdict, Verdict::kReplayed);
  EXPECT_EQ(calls[3]->op.verdict, Verdict::kConflict);
}

TEST_F(VerdictTest, TaskIdsAreEighteenHexDigitsInTheOrderOfIssue) {
  const Issued first = broker_.Issue();
  const Issued second = broker_.Issue();
  EXPECT_EQ(first.id.size(), 18u);
  EXPECT_LT(first.id, second.id);
  storage::ShardId shard = 9;
  Sequence task = 0;
  ASSERT_TRUE(ParseTaskId(second.id, shard, task));
  EXPECT_EQ(shard, 0);
  EXPECT_EQ(task, second.task);
  EXPECT_FALSE(ParseTaskId("0" + second.id, shard, task));
  EXPECT_FALSE(ParseTaskId("00000000000000000G", shard, task));
}

}  // namespace
}  // namespace tokenbroker::broker
