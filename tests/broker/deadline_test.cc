// Heartbeats, deadlines, grace.
#include <gtest/gtest.h>

#include <functional>
#include <utility>

#include "tests/testing/broker_harness.h"

namespace tokenbroker::broker {
namespace {

class DeadlineTest : public testing::Test {
 protected:
  BrokerHarness broker_;
};

TEST_F(DeadlineTest, ATaskExpiresAtItsDeadlineAndNotBefore) {
  const Issued task = broker_.Issue({.timeout = 5s});
  EXPECT_EQ(task.deadline, broker_.now() + 5000);
  broker_.Advance(5s - 1ms);
  EXPECT_EQ(broker_.Get(task).state, TaskState::kWaiting);
  broker_.Advance(1ms);
  const Seen seen = broker_.Get(task);
  EXPECT_EQ(seen.state, TaskState::kExpired);
  EXPECT_EQ(seen.error, "Timeout");
  EXPECT_EQ(seen.due, task.deadline);
  EXPECT_EQ(seen.resolved_by, "broker");
}

TEST_F(DeadlineTest, ATaskThatMissesAHeartbeatExpires) {
  const Issued task = broker_.Issue({.heartbeat_timeout = 5s});
  broker_.Advance(3s);
  const Beaten beaten = broker_.Beat(task);
  EXPECT_EQ(beaten.next_due, broker_.now() + 5000);
  EXPECT_EQ(beaten.remaining, task.deadline - broker_.now());
  EXPECT_EQ(beaten.heartbeat_timeout, 5000);
  broker_.Advance(5s - 1ms);
  EXPECT_EQ(broker_.Get(task).state, TaskState::kWaiting);
  broker_.Advance(1ms);
  EXPECT_EQ(broker_.Get(task).error, "HeartbeatTimeout");
}

TEST_F(DeadlineTest, HeartbeatAfterExpiryIsRefused) {
  const Issued task = broker_.Issue({.heartbeat_timeout = 5s});
  broker_.Advance(5s);
  const Beaten beaten = broker_.Beat(task);
  EXPECT_EQ(beaten.reason, Reason::kTaskExpired);
  EXPECT_EQ(beaten.recorded.error, "HeartbeatTimeout");
}

TEST_F(DeadlineTest, HeartbeatsNeverMoveTheTotalDeadline) {
  const Issued task = broker_.Issue({.timeout = 10s, .heartbeat_timeout = 4s});
  for (int i = 0; i < 4; ++i) {
    broker_.Advance(2s);
    EXPECT_TRUE(broker_.Beat(task).ok());
  }
  EXPECT_EQ(broker_.Beat(task).next_due, task.deadline);
  broker_.Advance(2s);
  EXPECT_EQ(broker_.Get(task).error, "Timeout");
}

TEST_F(DeadlineTest, ATaskThatBeatsForADayStaysAlive) {
  const Issued task = broker_.Issue({.timeout = 25h, .heartbeat_timeout = 10s});
  for (int i = 0; i < 24 * 3600 / 9; ++i) {
    broker_.Advance(9s);
    ASSERT_TRUE(broker_.Beat(task).ok());
  }
  broker_.Advance(10s);
  EXPECT_EQ(broker_.Get(task).error, "HeartbeatTimeout");
}

TEST_F(DeadlineTest, ATaskWithoutHeartbeatTimeoutNeedNotBeat) {
  const Issued task = broker_.Issue({.timeout = 1h});
  EXPECT_EQ(broker_.Beat(task).next_due, 0);
  broker_.Advance(1h - 1ms);
  EXPECT_EQ(broker_.Get(task).state, TaskState::kWaiting);
}

// Nobody has run the broker since the deadline passed: whoever looks first finds the task expired.
TEST_F(DeadlineTest, ADeadlineThatPassedCountsAsSoonAsAnybodyLooks) {
  const auto overdue = [this] {
    const Issued task = broker_.Issue({.correlation_key = "k", .timeout = 5s});
    broker_.AdvanceUnnoticed(5s);
    return task;
  };
  EXPECT_EQ(broker_.Succeed(overdue(), "1").verdict, Verdict::kExpired);
  EXPECT_EQ(broker_.Beat(overdue()).reason, Reason::kTaskExpired);
  EXPECT_EQ(broker_.Cancel(overdue()).reason, Reason::kTaskExpired);
  EXPECT_EQ(broker_.Extend(overdue(), 1h).reason, Reason::kTaskExpired);
  EXPECT_EQ(broker_.Get(overdue()).state, TaskState::kExpired);
  overdue();
  EXPECT_TRUE(broker_.Issue({.correlation_key = "k"}).ok());
}

TEST_F(DeadlineTest, OverdueTasksExpireOldestFirstALimitedNumberPerCommit) {
  BrokerHarness broker({.limits = {.expiries_per_commit = 2}});
  std::vector<Sequence> tasks;
  for (int i = 5; i > 0; --i) tasks.insert(tasks.begin(), broker.Issue({.timeout = i * 1s}).task);
  broker.AdvanceUnnoticed(1h);
  const Sequence before = broker.broker().committed();
  EXPECT_TRUE(broker.broker().RunOnce());
  EXPECT_EQ(broker.broker().committed(), before + 2);
  broker.Run();
  std::vector<Sequence> ended;
  for (const Change& change : broker.Changes(before)) ended.push_back(change.task->task);
  EXPECT_EQ(ended, tasks);
}

TEST_F(DeadlineTest, ExtendingMovesTheDeadlineEitherWay) {
  const Issued later = broker_.Issue({.timeout = 5s});
  const Issued sooner = broker_.Issue({.timeout = 1h});
  EXPECT_TRUE(broker_.Extend(later, 10s).ok());
  EXPECT_TRUE(broker_.Extend(sooner, 10s).ok());
  broker_.Advance(10s - 1ms);
  EXPECT_EQ(broker_.Get(later).state, TaskState::kWaiting);
  EXPECT_EQ(broker_.Get(sooner).state, TaskState::kWaiting);
  broker_.Advance(1ms);
  EXPECT_EQ(broker_.Get(later).state, TaskState::kExpired);
  EXPECT_EQ(broker_.Get(sooner).state, TaskState::kExpired);
}

// Otherwise a task could wait for a year, its worker told to give up.
TEST_F(DeadlineTest, ARequestedCancellationIsNotPutOff) {
  const Issued task = broker_.Issue({.timeout = 1h});
  broker_.Cancel(task, "no longer", 10s);
  EXPECT_EQ(broker_.Extend(task, 2h).reason, Reason::kCancelRequested);
  broker_.Crash();
  EXPECT_EQ(broker_.Extend(task, 1s).reason, Reason::kCancelRequested);
  EXPECT_TRUE(broker_.Cancel(task, "", 5s).ok()) << "but brought forward";
  broker_.Advance(5s);
  EXPECT_EQ(broker_.Get(task).state, TaskState::kCancelled);
}

TEST_F(DeadlineTest, AnEndedTaskShowsTheDeadlineItHadAtTheEnd) {
  const Issued moved = broker_.Issue({.timeout = 5s});
  const Issued asked = broker_.Issue({.timeout = 5s});
  const Issued plain = broker_.Issue({.timeout = 5s});
  broker_.Extend(moved, 10s);
  broker_.Cancel(asked, "", 2s);
  broker_.Restart();
  for (const Issued& task : {moved, asked, plain}) EXPECT_EQ(broker_.Succeed(task, "1").verdict, Verdict::kAccepted);
  EXPECT_EQ(broker_.Get(moved).deadline, BrokerHarness::kStart + 10'000);
  EXPECT_EQ(broker_.Get(asked).deadline, BrokerHarness::kStart + 2'000);
  EXPECT_EQ(broker_.Get(plain).deadline, BrokerHarness::kStart + 5'000);
  EXPECT_TRUE(broker_.Get(asked).cancel_requested);
  EXPECT_FALSE(broker_.Get(moved).cancel_requested);
}

TEST_F(DeadlineTest, AnExtensionSurvivesACrash) {
  const Issued task = broker_.Issue({.timeout = 5s});
  broker_.Extend(task, 1h);
  broker_.Crash();
  broker_.Advance(10s);
  EXPECT_EQ(broker_.Get(task).deadline, task.deadline - 5000 + 3'600'000);
  EXPECT_EQ(broker_.Get(task).state, TaskState::kWaiting);
}

// The state in memory is ahead of the disk while a group is being written.
TEST_F(DeadlineTest, NobodyHearsOfADeadlineThatIsNotOnDisk) {
  struct Onlooker : Observer {
    void CommitStarts(size_t) override {
      if (look) std::exchange(look, nullptr)();
    }
    std::function<void()> look;
  } onlooker;
  broker_.observer = &onlooker;
  broker_.Open();
  const Issued task = broker_.Issue({.heartbeat_timeout = 1h});
  Call<HeartbeatOperation> beat;
  beat.op.principal = &Anybody();
  beat.op.address = broker_.broker().AddressOfToken(task.token);
  Call<LocateOperation> look;
  look.op.principal = &Anybody();
  look.op.address = beat.op.address;
  TimeMs listed = 0;
  onlooker.look = [&] {
    EXPECT_FALSE(broker_.broker().TryNow(beat.op));
    EXPECT_FALSE(broker_.broker().TryNow(look.op));
    Candidates candidates = *broker_.broker().TaskCandidates({}, 0);
    listed = broker_.broker().List("orders", {}, candidates, 1)->at(0)->deadline;
  };
  broker_.Cancel(task, "", 10s);
  EXPECT_EQ(listed, task.deadline);
  EXPECT_TRUE(broker_.broker().TryNow(beat.op));
  EXPECT_TRUE(beat.op.cancel_requested);
  EXPECT_EQ(beat.op.remaining, 10'000);
  broker_.Cancel(task, "", 5s);
  EXPECT_TRUE(broker_.broker().TryNow(look.op));
  EXPECT_EQ(static_cast<TimeMs>(look.op.located.open.deadline), BrokerHarness::kStart + 5'000);
}

TEST_F(DeadlineTest, CancelWithGraceTellsTheWorkerAndLetsItFinish) {
  const Issued task = broker_.Issue({.heartbeat_timeout = 1h});
  EXPECT_TRUE(broker_.Cancel(task, "no longer", 10s).ok());
  const Beaten beaten = broker_.Beat(task);
  EXPECT_TRUE(beaten.cancel_requested);
  EXPECT_EQ(beaten.remaining, 10'000);
  EXPECT_TRUE(broker_.Get(task).cancel_requested);
  EXPECT_EQ(broker_.Succeed(task, "1").verdict, Verdict::kAccepted);
}

TEST_F(DeadlineTest, TheTaskIsCancelledWhenTheGraceTimeEnds) {
  const Issued task = broker_.Issue();
  broker_.Cancel(task, "no longer", 10s);
  broker_.Advance(10s);
  EXPECT_EQ(broker_.Get(task).state, TaskState::kCancelled);
  EXPECT_EQ(broker_.Succeed(task, "1").verdict, Verdict::kCancelled);
  EXPECT_TRUE(broker_.Cancel(task).ok());
}

TEST_F(DeadlineTest, TheReasonOfACancelIsTheCauseWhenTheGraceTimeEnds) {
  const Issued task = broker_.Issue();
  const Issued silent = broker_.Issue();
  broker_.Cancel(task, "first", 10s);
  broker_.Cancel(task, "no longer", 10s);
  broker_.Cancel(task, "", 10s);
  broker_.Cancel(silent, "", 10s);
  broker_.Advance(10s);
  EXPECT_EQ(broker_.Get(task).cause, "no longer");
  EXPECT_EQ(broker_.Succeed(task, "1").recorded.cause, "no longer");
  EXPECT_EQ(broker_.Get(silent).cause, "cancellation was requested and the grace time ended");
}

TEST_F(DeadlineTest, TheReasonOfACancelIsKeptWhenTheGraceTimeIsCutShort) {
  const Issued kept = broker_.Issue();
  const Issued replaced = broker_.Issue();
  for (const Issued& task : {kept, replaced}) broker_.Cancel(task, "no longer", 10s);
  broker_.Cancel(kept);
  broker_.Cancel(replaced, "at once");
  EXPECT_EQ(broker_.Get(kept).cause, "no longer");
  EXPECT_EQ(broker_.Get(replaced).cause, "at once");
}

TEST_F(DeadlineTest, TheReasonOfACancelSurvivesACrashAndAStop) {
  const Issued crashed = broker_.Issue();
  broker_.Cancel(crashed, "before the crash", 10s);
  broker_.Crash();
  const Issued stopped = broker_.Issue();
  broker_.Cancel(stopped, "before the stop", 10s);
  broker_.Restart();
  broker_.Restart();
  broker_.Advance(10s);
  EXPECT_EQ(broker_.Get(crashed).cause, "before the crash");
  EXPECT_EQ(broker_.Get(stopped).cause, "before the stop");
}

TEST_F(DeadlineTest, GraceNeverOutlastsTheDeadlineNorAnEarlierGrace) {
  const Issued task = broker_.Issue({.timeout = 20s});
  broker_.Cancel(task, "", 1h);
  EXPECT_EQ(broker_.Beat(task).remaining, 20'000);
  broker_.Cancel(task, "", 5s);
  broker_.Cancel(task, "", 15s);
  EXPECT_EQ(broker_.Beat(task).remaining, 5'000);
  broker_.Cancel(task);
  EXPECT_EQ(broker_.Get(task).state, TaskState::kCancelled) << "without grace: now";
}

TEST_F(DeadlineTest, AMissedHeartbeatDuringTheGraceTimeIsAnExpiry) {
  const Issued task = broker_.Issue({.heartbeat_timeout = 5s});
  broker_.Cancel(task, "", 10s);
  broker_.Advance(5s);
  EXPECT_EQ(broker_.Get(task).state, TaskState::kExpired);
}

TEST_F(DeadlineTest, ACancelRequestSurvivesACrash) {
  const Issued task = broker_.Issue();
  broker_.Cancel(task, "", 10s);
  broker_.Crash();
  EXPECT_TRUE(broker_.Beat(task).cancel_requested);
  broker_.Advance(10s);
  EXPECT_EQ(broker_.Get(task).state, TaskState::kCancelled);
}

TEST_F(DeadlineTest, ProgressIsShownAtOnceAndWrittenOnceAQuarterOfTheHeartbeatTimeout) {
  const Issued task = broker_.Issue({.heartbeat_timeout = 8s});
  const Sequence before = broker_.broker().committed();
  for (int i = 0; i < 40; ++i) {
    broker_.Beat(task, std::to_string(i));
    EXPECT_EQ(broker_.Get(task).progress, std::to_string(i));
    broker_.Advance(100ms);
  }
  EXPECT_EQ(broker_.broker().committed() - before, 2u) << "4 s of beats, a record every 2 s";
  broker_.Crash();
  EXPECT_EQ(broker_.Get(task).progress, "20");
}

}  // namespace
}  // namespace tokenbroker::broker
