// What must hold when a write fails or the process dies: nothing acknowledged is lost, nothing unwritten is
// acknowledged.
#include <gtest/gtest.h>

#include "tests/testing/broker_harness.h"

namespace tokenbroker::broker {
namespace {

using storage::MemoryFate;
using storage::MemoryWrite;

class FailureTest : public testing::Test {
 protected:
  void FailAppends(MemoryFate fate) {
    broker_.disk().SetFaultHook(
        [fate](MemoryWrite write, auto, auto) { return write == MemoryWrite::kAppend ? fate : MemoryFate::kSucceeds; });
  }
  void Heal() { broker_.disk().SetFaultHook(nullptr); }

  BrokerHarness broker_;
};

TEST_F(FailureTest, AFailedAppendIsNotAcknowledgedAndEndsTheBroker) {
  const Issued task = broker_.Issue();
  FailAppends(MemoryFate::kFailsAndIsLost);
  EXPECT_FALSE(broker_.Succeed(task, "1").answered);
  EXPECT_TRUE(broker_.failure().has_value());
  Heal();
  EXPECT_FALSE(broker_.Beat(task).answered) << "a broker that failed says nothing any more";
  broker_.Crash();
  EXPECT_EQ(broker_.Get(task).state, TaskState::kWaiting);
  EXPECT_EQ(broker_.Succeed(task, "2").verdict, Verdict::kAccepted);
}

TEST_F(FailureTest, ACallThatTookEffectUnheardIsReplayedWhenItIsRepeated) {
  const Issued task = broker_.Issue();
  FailAppends(MemoryFate::kFailsAndIsKept);
  EXPECT_FALSE(broker_.Succeed(task, "1").answered);
  Heal();
  broker_.Crash();
  EXPECT_EQ(broker_.Succeed(task, "1").verdict, Verdict::kReplayed);
}

TEST_F(FailureTest, AnIssueThatTookEffectUnheardIsReplayedUnderItsRequestId) {
  FailAppends(MemoryFate::kFailsAndIsKept);
  EXPECT_FALSE(broker_.Issue({.request_id = "r"}).answered);
  Heal();
  broker_.Crash();
  EXPECT_TRUE(broker_.Issue({.request_id = "r"}).replayed);
  EXPECT_EQ(broker_.broker().GetStatus().open_tasks, 1u);
}

TEST_F(FailureTest, ANumberThatNeverGotToTheDiskIsGivenAwayAgain) {
  const Issued first = broker_.Issue();
  FailAppends(MemoryFate::kFailsAndIsLost);
  broker_.Issue();
  Heal();
  broker_.Crash();
  const Issued second = broker_.Issue();
  EXPECT_GT(second.task, first.task);
  EXPECT_EQ(broker_.Succeed(first, "1").verdict, Verdict::kAccepted);
  EXPECT_EQ(broker_.Get(second).state, TaskState::kWaiting);
}

TEST_F(FailureTest, ARecordThatIsDamagedIsNotCalledUnknown) {
  storage::MemoryStore& store = broker_.store();
  std::string progress;
  storage::EncodeEntry(storage::ProgressEntry{.task = 9}, progress);
  ASSERT_TRUE(store.Append(0, {{1, ""}, {2, "damaged"}, {3, progress}}).ok());
  EXPECT_TRUE(absl::IsDataLoss(broker_.broker().Load({.task = 1}).status()));
  EXPECT_TRUE(absl::IsDataLoss(broker_.broker().Load({.task = 2}).status()));
  EXPECT_TRUE(absl::IsNotFound(broker_.broker().Load({.task = 3}).status())) << "no damage, and no task";
}

TEST_F(FailureTest, AllOfAGroupIsKeptOrNone) {
  const Issued task = broker_.Issue({.correlation_key = "k"});
  for (MemoryFate fate : {MemoryFate::kFailsAndIsLost, MemoryFate::kFailsAndIsKept}) {
    FailAppends(fate);
    EXPECT_FALSE(broker_.Issue({.correlation_key = "k", .attempt = 2}).answered);
    Heal();
    broker_.Crash();
    const bool kept = fate == MemoryFate::kFailsAndIsKept;
    EXPECT_EQ(broker_.Get(task).state, kept ? TaskState::kSuperseded : TaskState::kWaiting);
    EXPECT_EQ(broker_.Get(Ref::Key("k")).attempt, kept ? 2 : 1);
  }
}

// Every write of a long story fails once, in each of the two ways.
TEST_F(FailureTest, WhicheverWriteFailsNothingAcknowledgedIsLost) {
  for (MemoryFate fate : {MemoryFate::kFailsAndIsLost, MemoryFate::kFailsAndIsKept}) {
    for (uint64_t failing = 0; failing < 60; ++failing) {
      BrokerHarness broker(
          {.retention = {.resolved = 1000, .hold_after = 500}, .checkpoint = {.entries = 4, .interval = 300}});
      broker.disk().SetFaultHook(
          [=](auto, auto, uint64_t number) { return number == failing ? fate : MemoryFate::kSucceeds; });
      std::vector<Issued> acknowledged;
      std::vector<Issued> settled;
      for (int i = 0; i < 12; ++i) {
        const Issued task = broker.Issue();
        if (task.answered) acknowledged.push_back(task);
        if (i % 2 == 0 && task.answered && broker.Succeed(task, "1").answered) settled.push_back(task);
        if (broker.failure().has_value()) broker.Crash();
        broker.Advance(100ms);
        if (broker.failure().has_value()) broker.Crash();
      }
      for (const Issued& task : acknowledged) {
        const bool was_settled =
            std::any_of(settled.begin(), settled.end(), [&](const Issued& other) { return other.task == task.task; });
        const Seen seen = broker.Get(task);
        if (!was_settled) {
          EXPECT_TRUE(seen.ok()) << "write " << failing << " failed, and task " << task.task << " is gone";
        } else if (seen.ok()) {
          EXPECT_EQ(seen.state, TaskState::kSucceeded) << "write " << failing;
        }
      }
    }
  }
}

TEST_F(FailureTest, AFailedCheckpointIsMadeGoodByTheNext) {
  const Issued task = broker_.Issue({.request_id = "r", .correlation_key = "k"});
  broker_.disk().SetFaultHook([](MemoryWrite write, auto, auto) {
    return write == MemoryWrite::kCheckpointHead ? MemoryFate::kFailsAndIsLost : MemoryFate::kSucceeds;
  });
  EXPECT_FALSE(broker_.broker().TakeLastCheckpoint().ok());
  broker_.Crash();
  Heal();
  broker_.Restart();
  broker_.Crash();
  EXPECT_EQ(broker_.Get(Ref::Key("k")).task, task.task);
  EXPECT_TRUE(broker_.Issue({.request_id = "r", .correlation_key = "k"}).replayed);
}

TEST_F(FailureTest, AFailedCheckpointIsTriedAgainAfterAWhile) {
  BrokerHarness broker({.checkpoint = {.entries = 4, .interval = 60'000}});
  broker.disk().SetFaultHook([](MemoryWrite write, auto, auto) {
    return write == MemoryWrite::kCheckpointIndex ? MemoryFate::kFailsAndIsLost : MemoryFate::kSucceeds;
  });
  const auto tries = [&broker] {
    bool any = false;
    for (int i = 0; i < 20; ++i) {
      broker.broker().RunOnce();
      while (broker.background().RunOne()) any = true;
    }
    return any;
  };
  for (int i = 0; i < 4; ++i) broker.Issue({.request_id = std::to_string(i)});
  tries();
  broker.AdvanceUnnoticed(4999ms);
  EXPECT_FALSE(tries());
  broker.AdvanceUnnoticed(1ms);
  EXPECT_TRUE(tries());
}

TEST_F(FailureTest, AfterACrashALiveHeartbeatGetsItsFullIntervalAgain) {
  const Issued task = broker_.Issue({.timeout = 24h, .heartbeat_timeout = 10s});
  broker_.Advance(9s);
  broker_.CrashFor(1h);
  broker_.Advance(10s - 1ms);
  EXPECT_EQ(broker_.Get(task).state, TaskState::kWaiting);
  broker_.Advance(1ms);
  EXPECT_EQ(broker_.Get(task).state, TaskState::kExpired);
}

TEST_F(FailureTest, ADeadlineThatPassedDuringDowntimeIsServedAtStart) {
  const Issued task = broker_.Issue({.timeout = 10s});
  broker_.CrashFor(1h);
  broker_.Run();
  const Seen seen = broker_.Get(task);
  EXPECT_EQ(seen.state, TaskState::kExpired);
  EXPECT_EQ(seen.due, task.deadline);
  EXPECT_EQ(seen.resolved_at, broker_.now());
}

}  // namespace
}  // namespace tokenbroker::broker
