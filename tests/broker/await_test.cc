#include <gtest/gtest.h>

#include "tests/testing/broker_harness.h"

namespace tokenbroker::broker {
namespace {

class AwaitTest : public testing::Test {
 protected:
  TaskState StateIn(const Call<AwaitOperation>& call) {
    absl::StatusOr<TaskRecordPtr> record = broker_.broker().Load(call.op.located);
    return record.ok() ? (*record)->state : TaskState();
  }

  BrokerHarness broker_;
};

TEST_F(AwaitTest, EverybodyWhoWaitsIsToldTheOutcome) {
  const Issued task = broker_.Issue({.correlation_key = "k"});
  const auto first = broker_.BeginAwait(task);
  const auto second = broker_.BeginAwait(Ref::Key("k"));
  EXPECT_FALSE(first->answered);
  EXPECT_EQ(broker_.broker().GetStatus().awaits, 2u);
  broker_.Succeed(task, "1");
  ASSERT_TRUE(first->answered && second->answered);
  EXPECT_EQ(StateIn(*first), TaskState::kSucceeded);
  EXPECT_EQ(StateIn(*second), TaskState::kSucceeded);
  EXPECT_EQ(broker_.broker().GetStatus().awaits, 0u);
}

TEST_F(AwaitTest, WhoComesLateIsAnsweredAtOnce) {
  const Issued task = broker_.Issue();
  broker_.Succeed(task, "1");
  EXPECT_EQ(StateIn(*broker_.BeginAwait(task)), TaskState::kSucceeded);
  broker_.Restart();
  EXPECT_EQ(StateIn(*broker_.BeginAwait(task)), TaskState::kSucceeded) << "also when only the store knows";
}

TEST_F(AwaitTest, EveryKindOfEndWakes) {
  const Issued expires = broker_.Issue({.timeout = 5s});
  const Issued cancelled = broker_.Issue();
  const Issued superseded = broker_.Issue({.correlation_key = "k"});
  const auto first = broker_.BeginAwait(expires);
  const auto second = broker_.BeginAwait(cancelled);
  const auto third = broker_.BeginAwait(superseded);
  broker_.Cancel(cancelled);
  broker_.Issue({.correlation_key = "k", .attempt = 2});
  broker_.Advance(5s);
  EXPECT_EQ(StateIn(*first), TaskState::kExpired);
  EXPECT_EQ(StateIn(*second), TaskState::kCancelled);
  EXPECT_EQ(StateIn(*third), TaskState::kSuperseded);
}

TEST_F(AwaitTest, WhenTheLimitPassesTheTaskStillWaits) {
  const Issued task = broker_.Issue();
  const auto call = broker_.BeginAwait(task, 10s);
  broker_.Advance(10s - 1ms);
  EXPECT_FALSE(call->answered);
  broker_.Advance(1ms);
  ASSERT_TRUE(call->answered);
  EXPECT_EQ(call->op.refusal.reason, Reason::kNone);
  EXPECT_EQ(StateIn(*call), TaskState::kWaiting);
}

// What the committer's thread does about it, without the thread: it asks Idle for how long to sleep.
TEST_F(AwaitTest, AWaitThatEndsBeforeTheSleepDoesEndsTheSleep) {
  const Issued task = broker_.Issue();
  Call<AwaitOperation> late, soon, sooner;
  const auto wait = [&](Call<AwaitOperation>& call, DurationMs limit) {
    call.op.principal = &Anybody();
    call.op.address = broker_.broker().AddressOfToken(task.token);
    call.op.limit = limit;
    EXPECT_TRUE(broker_.broker().TryNow(call.op));
  };
  wait(late, broker_.broker().Idle());
  EXPECT_GT(broker_.broker().Idle(), 0) << "it need not be woken for that";
  wait(soon, 50);
  EXPECT_EQ(broker_.broker().Idle(), 0) << "it is woken";
  broker_.Run();
  EXPECT_EQ(broker_.broker().Idle(), 50);
  wait(sooner, 50);
  EXPECT_EQ(broker_.broker().Idle(), 50) << "it wakes early enough";
  broker_.Advance(50ms);
  EXPECT_TRUE(soon.answered && sooner.answered);
  EXPECT_FALSE(late.answered);
  broker_.broker().BeginDrain();
}

TEST_F(AwaitTest, WhoOnlyLooksIsAnsweredAtOnce) {
  BrokerHarness broker({.limits = {.awaits = 0}});
  const Issued task = broker.Issue();
  Call<AwaitOperation> call;
  call.op.principal = &Anybody();
  call.op.address = broker.broker().AddressOfToken(task.token);
  ASSERT_TRUE(broker.broker().TryNow(call.op));
  EXPECT_TRUE(call.answered) << "without a round";
  EXPECT_EQ(call.op.refusal.reason, Reason::kNone) << "nor does it count as a wait";
  EXPECT_EQ(broker.broker().Idle(), 1000) << "nor is anybody woken";
}

TEST_F(AwaitTest, ACancelledWaitIsNeverAnswered) {
  const Issued task = broker_.Issue();
  const auto call = broker_.BeginAwait(task);
  EXPECT_TRUE(broker_.broker().CancelAwait(call->op));
  EXPECT_FALSE(broker_.broker().CancelAwait(call->op));
  broker_.Succeed(task, "1");
  broker_.Advance(1h);
  EXPECT_FALSE(call->answered);
}

TEST_F(AwaitTest, AWaitThatIsCancelledInTheQueueDoesNotBegin) {
  const Issued task = broker_.Issue();
  Call<AwaitOperation> call;
  call.op.principal = &Anybody();
  call.op.address = broker_.broker().AddressOfToken(task.token);
  call.op.limit = 30'000;
  broker_.broker().Submit(call.op);
  EXPECT_FALSE(broker_.broker().CancelAwait(call.op));
  EXPECT_FALSE(call.answered);
  broker_.Run();
  EXPECT_TRUE(call.answered);
  EXPECT_EQ(StateIn(call), TaskState::kWaiting);
  EXPECT_EQ(broker_.broker().GetStatus().awaits, 0u);
}

TEST_F(AwaitTest, DrainingEndsWaitsNowAndFromNowOn) {
  const Issued task = broker_.Issue();
  const auto before = broker_.BeginAwait(task);
  broker_.broker().BeginDrain();
  const auto after = broker_.BeginAwait(task);
  EXPECT_EQ(before->op.refusal.reason, Reason::kDraining);
  EXPECT_EQ(after->op.refusal.reason, Reason::kDraining);
  EXPECT_EQ(broker_.Succeed(task, "1").verdict, Verdict::kAccepted) << "what is queued is still written";
  EXPECT_EQ(StateIn(*broker_.BeginAwait(task)), TaskState::kSucceeded);
}

TEST_F(AwaitTest, TooManyWaitsAreOverload) {
  BrokerHarness broker({.limits = {.awaits = 1}});
  const Issued task = broker.Issue();
  const auto first = broker.BeginAwait(task);
  const auto second = broker.BeginAwait(task);
  EXPECT_EQ(second->op.refusal.reason, Reason::kOverloaded);
  broker.broker().CancelAwait(first->op);
  const auto third = broker.BeginAwait(task);
  EXPECT_FALSE(third->answered);
  broker.broker().BeginDrain();
}

TEST_F(AwaitTest, WhoIsNotKnownCannotBeAwaited) {
  EXPECT_EQ(broker_.BeginAwait(Ref::Key("none"))->op.refusal.reason, Reason::kTaskUnknown);
  broker_.Succeed(Ref::Key("parked"), "1");
  EXPECT_EQ(broker_.BeginAwait(Ref::Key("parked"))->op.refusal.reason, Reason::kTaskUnknown);
}

TEST_F(AwaitTest, NobodyIsToldOfAnOutcomeThatIsNotOnDisk) {
  const Issued task = broker_.Issue();
  const auto call = broker_.BeginAwait(task);
  broker_.disk().SetFaultHook([](auto, auto, auto) { return storage::MemoryFate::kFailsAndIsLost; });
  EXPECT_FALSE(broker_.Succeed(task, "1").answered);
  EXPECT_FALSE(call->answered);
}

}  // namespace
}  // namespace tokenbroker::broker
