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
