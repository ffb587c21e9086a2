// What is kept for how long: waiting tasks until they end, ended ones for the configured time, neither for ever.
#include <gtest/gtest.h>

#include "tests/testing/broker_harness.h"

namespace tokenbroker::broker {
namespace {

class RetentionTest : public testing::Test {
 protected:
  static constexpr Millis kResolved = 10min;
  static constexpr Millis kHoldAfter = 1min;
  static constexpr Millis kInterval = 10s;

  // Time passes in small steps, and something happens in each: checkpoints follow changes.
  void Live(Millis time) {
    for (Millis passed = 0ms; passed < time; passed += kInterval) {
      broker_.Succeed(broker_.Issue({.name_space = "noise"}), "1");
      broker_.Advance(kInterval);
    }
  }
  bool HasRecord(const Issued& task) { return broker_.store().Read(0, task.task).ok(); }
  int CountHeld() {
    int held = 0;
    EXPECT_TRUE(broker_.store().ScanHeld(0, 0, [&](Sequence) { return ++held; }).ok());
    return held;
  }
  // The heartbeat is answered, and the record of its progress waits for the next round.
  void BeatUnwritten(const Issued& task, std::string_view progress) {
    Call<HeartbeatOperation> call;
    call.op.principal = &Anybody();
    call.op.address = broker_.broker().AddressOfToken(task.token);
    call.op.progress = progress;
    EXPECT_TRUE(broker_.broker().TryNow(call.op));
    EXPECT_TRUE(call.answered && !call.op.refusal);
  }
  // A checkpoint knows of progress whose record never gets to the disk. The answer is the number that it had.
  Sequence LoseProgressOf(const Issued& task) {
    const Sequence number = broker_.broker().committed() + 1;
    BeatUnwritten(task, "\"lost\"");
    EXPECT_TRUE(broker_.broker().TakeLastCheckpoint().ok());
    broker_.Crash();
    return number;
  }

  BrokerHarness broker_{{.retention = {.resolved = kResolved.count(), .hold_after = kHoldAfter.count()},
                         .checkpoint = {.interval = kInterval.count()}}};
};

TEST_F(RetentionTest, AnEndedTaskIsKeptForItsTimeAndThenForgotten) {
  const Issued task = broker_.Issue({.request_id = "r", .correlation_key = "k"});
  broker_.Succeed(task, "1");
  Live(kResolved - kInterval);
  EXPECT_EQ(broker_.Get(Ref::Key("k")).output, "1");
  EXPECT_EQ(broker_.Issue({.request_id = "r", .correlation_key = "k"}).task, task.task);
  Live(kHoldAfter + 4 * kInterval);
  EXPECT_EQ(broker_.Get(task).reason, Reason::kTaskUnknown);
  EXPECT_EQ(broker_.Succeed(task, "1").verdict, Verdict::kUnknown);
  EXPECT_FALSE(broker_.Issue({.request_id = "r", .correlation_key = "k"}).replayed);
  EXPECT_FALSE(HasRecord(task));
}

TEST_F(RetentionTest, AWaitingTaskOutlivesTheLogItWasIssuedIn) {
  const Issued task =
      broker_.Issue({.request_id = "r", .correlation_key = "k", .timeout = 24h, .input = "7", .upstream_token = "u"});
  Live(3 * kResolved);
  EXPECT_GT(*broker_.store().Floor(0), task.task);
  for (int i = 0; i < 2; ++i) {
    for (const Ref& name : {Ref(task), Ref::Key("k"), Ref::Token("u"), Ref::Id(task.id)}) {
      EXPECT_EQ(broker_.Get(name).input, "7");
      EXPECT_TRUE(broker_.Beat(name).ok());
    }
    EXPECT_TRUE(
        broker_.Issue({.request_id = "r", .correlation_key = "k", .timeout = 24h, .input = "7", .upstream_token = "u"})
            .replayed);
    EXPECT_EQ(broker_.List({.states = {TaskState::kWaiting}}), std::vector<Sequence>{task.task});
    broker_.Restart();
  }
}

TEST_F(RetentionTest, ProgressOutlivesTheLogItWasToldIn) {
  const Issued task = broker_.Issue({.timeout = 24h});
  broker_.Beat(task, "\"a quarter\"");
  broker_.Advance(kHoldAfter);
  broker_.Beat(task, "\"half\"");
  const Issued next = broker_.Issue();
  broker_.Succeed(next, "1");
  const Sequence told_at = next.task - 1;
  for (int i = 0; i < 2; ++i) {
    Live(3 * kResolved);
    EXPECT_GT(*broker_.store().Floor(0), told_at);
    EXPECT_EQ(broker_.Get(task).progress, "\"half\"");
    EXPECT_EQ(broker_.List({.states = {TaskState::kWaiting}}), std::vector<Sequence>{task.task});
    EXPECT_EQ(broker_.List().front(), task.task) << "what is held of its progress is no task";
    broker_.Crash();
    EXPECT_EQ(broker_.Get(task).progress, "\"half\"");
  }
  broker_.Beat(task, "\"all\"");
  Live(3 * kResolved);
  broker_.Restart();
  EXPECT_EQ(broker_.Get(task).progress, "\"all\"");
  EXPECT_FALSE(broker_.store().Read(0, told_at).ok()) << "its copy was released";
  broker_.Succeed(task, "1");
  Live(3 * kResolved);
  EXPECT_EQ(CountHeld(), 0);
}

TEST_F(RetentionTest, ATaskIsNotReleasedForProgressThatNeverGotItsNumber) {
  const Issued first = broker_.Issue({.timeout = 24h});
  const Sequence number = LoseProgressOf(first);
  const Issued second = broker_.Issue({.correlation_key = "k", .timeout = 24h, .input = "2"});
  ASSERT_EQ(second.task, number);
  EXPECT_EQ(broker_.Get(first).progress, "");
  Live(kHoldAfter + 3 * kInterval);
  broker_.Succeed(first, "1");
  Live(3 * kResolved);
  EXPECT_GT(*broker_.store().Floor(0), second.task);
  EXPECT_EQ(broker_.Get(Ref::Key("k")).input, "2");
}

TEST_F(RetentionTest, ProgressIsHeldUnderANumberThatOtherProgressNeverGot) {
  const Issued first = broker_.Issue({.timeout = 24h});
  const Issued second = broker_.Issue({.timeout = 24h});
  const Sequence number = LoseProgressOf(first);
  broker_.Beat(second, "\"half\"");
  ASSERT_EQ(broker_.broker().committed(), number);
  broker_.Succeed(first, "1");
  Live(3 * kResolved);
  EXPECT_GT(*broker_.store().Floor(0), number);
  broker_.Crash();
  EXPECT_EQ(broker_.Get(second).progress, "\"half\"");
}

// Behind the position that the checkpoint covers, and before its last part is packed.
TEST_F(RetentionTest, WhatIsReleasedWhileACheckpointIsTakenIsReleasedAfterACrash) {
  const Issued ends = broker_.Issue({.timeout = 24h});
  const Issued goes_on = broker_.Issue({.timeout = 24h});
  for (const Issued& task : {ends, goes_on}) broker_.Beat(task, "\"half\"");
  Live(kHoldAfter + 3 * kInterval);
  ASSERT_EQ(CountHeld(), 4) << "two tasks, and the progress of each";
  const Issued young = broker_.Issue();
  BeatUnwritten(young, "1");
  broker_.AdvanceUnnoticed(kInterval);
  broker_.broker().RunOnce();  // begins the checkpoint
  BeatUnwritten(goes_on, "\"more\"");
  Call<ResolveOperation> end;
  end.op.principal = &Anybody();
  end.op.address = broker_.broker().AddressOfToken(ends.token);
  end.op.output = "1";
  broker_.broker().Submit(end.op);
  broker_.broker().RunOnce();  // packs it
  ASSERT_TRUE(end.answered);
  ASSERT_TRUE(broker_.background().RunOne());  // writes it
  broker_.Crash();
  EXPECT_EQ(broker_.Get(goes_on).progress, "\"more\"");
  Live(3 * kResolved);
  for (const Issued& task : {goes_on, young}) broker_.Succeed(task, "1");
  Live(3 * kResolved);
  EXPECT_EQ(CountHeld(), 0);
}

TEST_F(RetentionTest, ATaskThatEndsLateIsKeptForItsTimeFromThenOn) {
  const Issued task = broker_.Issue({.request_id = "r", .correlation_key = "k", .timeout = 24h});
  Live(3 * kResolved);
  broker_.Succeed(task, "1");
  Live(kResolved - kInterval);
  EXPECT_EQ(broker_.Get(Ref::Key("k")).output, "1");
  EXPECT_TRUE(broker_.Issue({.request_id = "r", .correlation_key = "k", .timeout = 24h}).replayed);
  Live(kHoldAfter + 5 * kInterval);
  EXPECT_EQ(broker_.Get(task).reason, Reason::kTaskUnknown);
  EXPECT_FALSE(HasRecord(task)) << "its copy was released";
}

TEST_F(RetentionTest, AListHasEndedTasksWhoseIssueIsOnlyHeld) {
  std::vector<Sequence> all;
  std::vector<Sequence> ended;
  std::vector<Issued> tasks;
  for (int i = 0; i < 6; ++i) tasks.push_back(broker_.Issue({.timeout = 24h}));
  Live(3 * kResolved);
  for (const Issued& task : tasks) {
    all.push_back(task.task);
    if (task.task % 2 == 0) continue;
    broker_.Succeed(task, "1");
    ended.push_back(task.task);
  }
  const Issued young = broker_.Issue();
  all.push_back(young.task);
  ended.push_back(young.task);
  broker_.Succeed(young, "1");
  for (size_t page_size : {1, 2, 3, 100}) {
    EXPECT_EQ(broker_.List({}, "orders", page_size), all);
    EXPECT_EQ(broker_.List({.states = {TaskState::kSucceeded}}, "orders", page_size), ended);
  }
  broker_.Crash();
  EXPECT_EQ(broker_.List(), all);
  Live(kResolved + kHoldAfter + 5 * kInterval);
  EXPECT_EQ(broker_.List({.states = {TaskState::kSucceeded}}), (std::vector<Sequence>{})) << "their time is over";
}

// The floor rises between looking at it and reading the log.
TEST_F(RetentionTest, AListDoesNotPassOverWhatIsDroppedUnderItsEyes) {
  class Dropping : public storage::MemoryStore {
   public:
    using MemoryStore::MemoryStore;
    absl::Status Scan(storage::ShardId shard, Sequence from,
                      absl::FunctionRef<bool(const storage::LogRecord&)> visit) const override {
      const_cast<Dropping*>(this)->DropBefore(shard, 5).IgnoreError();
      return MemoryStore::Scan(shard, from, visit);
    }
  };
  Dropping store;
  storage::IssuedEntry entry;
  entry.name_space = "orders";
  std::string bytes;
  storage::EncodeEntry(entry, bytes);
  for (Sequence task = 1; task <= 6; ++task) ASSERT_TRUE(store.Append(0, {{task, bytes}}).ok());
  ASSERT_TRUE(store.Hold(0, {{2, bytes, {}}, {3, bytes, {}}}).ok());
  const TokenCodec codec(TestKeys());
  ShardState state(0, store.identity(), codec, 0);
  for (Sequence task : {2, 3, 5, 6}) ASSERT_TRUE(state.Replay(task, bytes).ok());
  std::mutex mutex;
  const Catalog catalog(store, state, mutex);
  std::vector<Sequence> listed;
  Sequence from = 0;
  do {
    absl::StatusOr<Candidates> candidates = catalog.TaskCandidates({}, from);
    ASSERT_TRUE(candidates.ok()) << candidates.status();
    const auto page = catalog.List("orders", {}, *candidates, 100, 0);
    ASSERT_TRUE(page.ok()) << page.status();
    for (const TaskRecordPtr& task : *page) listed.push_back(task->task);
    from = candidates->next();
  } while (from != 0);
  EXPECT_EQ(listed, (std::vector<Sequence>{2, 3, 5, 6}));
}

// Nothing happened for so long that the whole log is older than the retention time when the next checkpoint looks at
// it.
TEST_F(RetentionTest, ATaskThatEndsAfterALongSilenceIsKeptForItsTime) {
  const Issued task = broker_.Issue({.request_id = "r", .correlation_key = "k", .timeout = 24h});
  Live(2 * kInterval);
  broker_.Advance(5 * kResolved);
  broker_.Succeed(task, "1");
  Live(kResolved - 2 * kInterval);
  EXPECT_EQ(broker_.Get(Ref::Key("k")).output, "1");
  EXPECT_TRUE(broker_.Issue({.request_id = "r", .correlation_key = "k", .timeout = 24h}).replayed);
}

TEST_F(RetentionTest, ATaskThatEndsAfterALongDowntimeIsKeptForItsTime) {
  const Issued task = broker_.Issue({.request_id = "r", .timeout = 24h});
  Live(2 * kInterval);
  broker_.CrashFor(5 * kResolved);
  broker_.Succeed(task, "1");
  Live(kResolved - 2 * kInterval);
  EXPECT_EQ(broker_.Get(task).output, "1");
  EXPECT_TRUE(broker_.Issue({.request_id = "r", .timeout = 24h}).replayed);
}

TEST_F(RetentionTest, ACopyThatWasMadeJustBeforeACrashIsReleased) {
  const Issued task = broker_.Issue({.timeout = 24h});
  Live(kHoldAfter + 3 * kInterval);  // held by now; the checkpoint that says so may not have been written
  broker_.Crash();
  broker_.Succeed(task, "1");
  Live(2 * kResolved);
  EXPECT_FALSE(HasRecord(task));
}

TEST_F(RetentionTest, AParkedCallbackIsKeptAsLongAsItWaits) {
  broker_.Park(Ref::Key("k"), "1", 4 * kResolved);
  Live(3 * kResolved);
  broker_.Crash();
  EXPECT_EQ(broker_.Issue({.correlation_key = "k"}).state, TaskState::kSucceeded);
  Live(2 * kResolved);
  EXPECT_GT(*broker_.store().Floor(0), 1u) << "then its stretch of log goes, too";
}

TEST_F(RetentionTest, AReaderWhoIsTooLateIsToldSo) {
  broker_.Succeed(broker_.Issue(), "1");
  Live(2 * kResolved);
  EXPECT_TRUE(absl::IsOutOfRange(broker_.broker().Changes("orders", {}, 0, 10).status()));
  EXPECT_TRUE(broker_.broker().Changes("orders", {}, *broker_.store().Floor(0) - 1, 10).ok());
}

TEST_F(RetentionTest, TheLogDoesNotGrowWithoutBound) {
  Live(2 * kResolved);
  const uint64_t size = broker_.store().SizeBytes();
  Live(6 * kResolved);
  EXPECT_LT(broker_.store().SizeBytes(), size * 3 / 2);
}

}  // namespace
}  // namespace tokenbroker::broker
