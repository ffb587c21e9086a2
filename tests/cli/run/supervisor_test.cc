#include "cli/run/supervisor.h"

#include <gtest/gtest.h>

#include <csignal>

#include "cli/time_text.h"
#include "tests/cli/fake_broker.h"

namespace tokenbroker::cli {
namespace {

using Stop = Supervisor::Stop;

v1::HeartbeatResponse Beat(DurationMs heartbeat_timeout, DurationMs remaining, bool cancel = false) {
  v1::HeartbeatResponse beat;
  *beat.mutable_heartbeat_timeout() = ToProto(heartbeat_timeout);
  *beat.mutable_remaining() = ToProto(remaining);
  beat.set_cancel_requested(cancel);
  return beat;
}

absl::Status Ended(v1::ErrorReason reason) { return Refusal(absl::StatusCode::kFailedPrecondition, reason); }

class SupervisorTest : public ::testing::Test {
 protected:
  void Answer(TimeMs now, const absl::StatusOr<v1::HeartbeatResponse>& answer) {
    EXPECT_TRUE(supervisor_.IsBeatDue(now));
    supervisor_.OnBeatSent();
    EXPECT_FALSE(supervisor_.IsBeatDue(now));
    supervisor_.OnBeatAnswered(now, answer);
  }

  // Jitter's lower end: nine tenths.
  Supervisor supervisor_{10'000, FixedRandom(), 0};
};

TEST_F(SupervisorTest, TheFirstBeatIsDueAtOnce) { EXPECT_TRUE(supervisor_.IsBeatDue(0)); }

TEST_F(SupervisorTest, BeatsAtAThirdOfTheTimeoutWithJitter) {
  Answer(0, Beat(30'000, 3'600'000));
  EXPECT_EQ(supervisor_.NextWake(), 9'000);
  EXPECT_FALSE(supervisor_.IsBeatDue(8'999));
  EXPECT_TRUE(supervisor_.IsBeatDue(9'000));
}

TEST_F(SupervisorTest, JitterStaysWithinATenth) {
  for (uint64_t seed = 0; seed < 5'000; seed += 7) {
    Supervisor supervisor(
        10'000, [seed] { return seed; }, 0);
    supervisor.OnBeatSent();
    supervisor.OnBeatAnswered(0, Beat(30'000, 3'600'000));
    EXPECT_GE(supervisor.NextWake(), 9'000);
    EXPECT_LE(supervisor.NextWake(), 11'000);
  }
}

TEST_F(SupervisorTest, WithoutHeartbeatsItStillListensForCancellation) {
  Answer(0, Beat(0, 3'600'000));
  EXPECT_EQ(supervisor_.NextWake(), 27'000);
}

TEST_F(SupervisorTest, AnAbsentBrokerDoesNotStopTheChild) {
  Answer(0, Beat(30'000, 3'600'000));
  for (TimeMs now = 9'000; now < 1'000'000; now = supervisor_.NextWake()) Answer(now, Away());
  EXPECT_EQ(supervisor_.stop(), Stop::kNo);
  EXPECT_EQ(supervisor_.TakeSignal(1'000'000), 0);
}

TEST_F(SupervisorTest, CancellationSendsTermAndThenKill) {
  Answer(0, Beat(30'000, 60'000, true));
  EXPECT_EQ(supervisor_.stop(), Stop::kCancelRequested);
  EXPECT_EQ(supervisor_.TakeSignal(0), SIGTERM);
  EXPECT_EQ(supervisor_.TakeSignal(9'999), 0);
  EXPECT_EQ(supervisor_.TakeSignal(10'000), SIGKILL);
  EXPECT_EQ(supervisor_.TakeSignal(20'000), 0);
}

TEST_F(SupervisorTest, BeatsGoOnWhileTheChildIsBeingStopped) {
  Answer(0, Beat(30'000, 60'000, true));
  supervisor_.TakeSignal(0);
  EXPECT_TRUE(supervisor_.IsBeatDue(9'000));
}

TEST_F(SupervisorTest, ATaskThatEndedStopsTheChildAndTheBeats) {
  Answer(0, Ended(v1::ERROR_REASON_TASK_EXPIRED));
  EXPECT_EQ(supervisor_.stop(), Stop::kEnded);
  EXPECT_EQ(supervisor_.end(), Ended(v1::ERROR_REASON_TASK_EXPIRED));
  EXPECT_FALSE(supervisor_.IsBeatDue(1'000'000));
  EXPECT_EQ(supervisor_.TakeSignal(0), SIGTERM);
}

TEST_F(SupervisorTest, AnEndWhileStoppingDoesNotRestartTheSignals) {
  Answer(0, Beat(30'000, 60'000, true));
  EXPECT_EQ(supervisor_.TakeSignal(0), SIGTERM);
  Answer(9'000, Ended(v1::ERROR_REASON_TASK_CANCELLED));
  EXPECT_EQ(supervisor_.stop(), Stop::kEnded);
  EXPECT_EQ(supervisor_.TakeSignal(9'000), 0);
  EXPECT_EQ(supervisor_.TakeSignal(10'000), SIGKILL);
}

TEST_F(SupervisorTest, LooksRightAfterTheDeadline) {
  Answer(0, Beat(0, 5'000));
  EXPECT_EQ(supervisor_.NextWake(), 5'050);
}

TEST_F(SupervisorTest, GivesUpWhenTheDeadlinePassedAndTheBrokerIsAway) {
  Answer(0, Beat(0, 5'000));
  Answer(5'050, Away());
  EXPECT_EQ(supervisor_.stop(), Stop::kLost);
}

TEST_F(SupervisorTest, ADeadlineThatWasMovedIsNoticed) {
  Answer(0, Beat(0, 5'000));
  Answer(5'050, Beat(0, 60'000));
  EXPECT_EQ(supervisor_.stop(), Stop::kNo);
  EXPECT_EQ(supervisor_.deadline(), 65'050);
}

TEST_F(SupervisorTest, AMissingRightDoesNotStopTheChild) {
  Answer(0, Refusal(absl::StatusCode::kPermissionDenied, v1::ERROR_REASON_PERMISSION_DENIED));
  EXPECT_EQ(supervisor_.stop(), Stop::kNo);
  EXPECT_EQ(supervisor_.NextWake(), 30'000);
}

}  // namespace
}  // namespace tokenbroker::cli
