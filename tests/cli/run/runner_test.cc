// Real child processes, a fake broker.
#include "cli/run/runner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <fstream>

#include "cli/exit_code.h"
#include "cli/time_text.h"
#include "tests/cli/fake_broker.h"

namespace tokenbroker::cli {
namespace {

using ::testing::HasSubstr;

class RunnerTest : public ::testing::Test {
 protected:
  RunnerTest() {
    task_.set_token("tkA");
    broker_.heartbeat = [this](const v1::HeartbeatRequest& request, DurationMs) { return OnBeat(request); };
    broker_.succeed = [this](const v1::SucceedRequest& request, DurationMs) -> absl::StatusOr<v1::SucceedResponse> {
      if (settle_failures_-- > 0) return Away();
      succeeded_ = request;
      v1::SucceedResponse response;
      response.set_verdict(v1::VERDICT_ACCEPTED);
      return response;
    };
    broker_.fail = [this](const v1::FailRequest& request, DurationMs) -> absl::StatusOr<v1::FailResponse> {
      failed_ = request;
      v1::FailResponse response;
      response.set_verdict(v1::VERDICT_ACCEPTED);
      return response;
    };
  }

  absl::StatusOr<v1::HeartbeatResponse> OnBeat(const v1::HeartbeatRequest& request) {
    EXPECT_EQ(request.task().token(), "tkA");
    ++beats_;
    if (on_beat_) return on_beat_();
    v1::HeartbeatResponse beat;
    *beat.mutable_heartbeat_timeout() = ToProto(30'000);
    *beat.mutable_remaining() = ToProto(60'000);
    return beat;
  }

  absl::StatusOr<int> Run(const std::string& script) {
    options_.child.command = {"sh", "-c", script};
    return RunCommand();
  }

  absl::StatusOr<int> RunCommand() { return Runner(broker_, task_, options_, inbox_, FixedRandom(), out_, err_).Run(); }

  SignalInbox inbox_;
  FakeBroker broker_;
  v1::TaskRef task_;
  RunOptions options_;
  std::ostringstream out_;
  std::ostringstream err_;
  std::atomic<int> beats_ = 0;
  std::function<absl::StatusOr<v1::HeartbeatResponse>()> on_beat_;
  int settle_failures_ = 0;
  std::optional<v1::SucceedRequest> succeeded_;
  std::optional<v1::FailRequest> failed_;
};

TEST_F(RunnerTest, StandardOutputBecomesTheOutputAndIsShown) {
  EXPECT_EQ(*Run("echo '{\"a\": 1}'; echo talk >&2"), 0);
  EXPECT_EQ(succeeded_->output(), "{\"a\": 1}");
  EXPECT_EQ(succeeded_->task().token(), "tkA");
  EXPECT_EQ(out_.str(), "{\"a\": 1}\n");
  EXPECT_THAT(err_.str(), HasSubstr("talk\n"));
}

TEST_F(RunnerTest, BeatsAtOnce) {
  const std::string sign = ::testing::TempDir() + "tokenctl_beaten_" + std::to_string(getpid());
  on_beat_ = [&] {
    std::ofstream(sign) << "beaten";
    return v1::HeartbeatResponse();
  };
  EXPECT_EQ(*Run("while [ ! -e " + sign + " ]; do sleep 0.01; done; rm " + sign), 0);
  EXPECT_GE(beats_, 1);
}

TEST_F(RunnerTest, QuietShowsNothing) {
  options_.quiet = true;
  EXPECT_EQ(*Run("echo 1"), 0);
  EXPECT_EQ(out_.str(), "");
}

TEST_F(RunnerTest, AFailureCarriesExitCodeAndStderr) {
  EXPECT_EQ(*Run("echo why >&2; exit 3"), 3);
  EXPECT_EQ(failed_->error(), "ExitCode.3");
  EXPECT_EQ(failed_->cause(), "why\n");
}

TEST_F(RunnerTest, ASignalOfItsOwnIsReportedAsTheShellDoes) {
  EXPECT_EQ(*Run("kill -KILL $$"), 128 + SIGKILL);
  EXPECT_EQ(failed_->error(), "Signal.SIGKILL");
}

TEST_F(RunnerTest, TheChildGetsItsVariables) {
  options_.child.variables = {{"TOKENBROKER_TASK_ID", "id-1"}, {"HOME", ""}};
  EXPECT_EQ(*Run("printf '%s' \"$TOKENBROKER_TASK_ID-${HOME-unset}\""), 0);
  EXPECT_EQ(succeeded_->output(), "\"id-1-unset\"");
}

TEST_F(RunnerTest, AFileThatTheCommandDidNotWriteIsNotItsOutput) {
  options_.outcome.output_file = ::testing::TempDir() + "tokenctl_output_" + std::to_string(getpid());
  std::ofstream(options_.outcome.output_file) << "1";
  const absl::Status stale = Run("true").status();
  EXPECT_EQ(ExitCodeFor(stale), kUsage);
  EXPECT_THAT(std::string(stale.message()), HasSubstr("did not write"));
  EXPECT_FALSE(succeeded_.has_value());
  EXPECT_EQ(*Run("printf 2 > " + options_.outcome.output_file), 0);
  EXPECT_EQ(succeeded_->output(), "2");
  EXPECT_EQ(*Run("touch " + options_.outcome.output_file), 0);
  EXPECT_EQ(*Run("rm " + options_.outcome.output_file + "; printf 3 > " + options_.outcome.output_file), 0);
  EXPECT_EQ(succeeded_->output(), "3");
  std::remove(options_.outcome.output_file.c_str());
}

TEST_F(RunnerTest, CancellationStopsTheWholeGroupAndFailsTheTask) {
  on_beat_ = [] {
    v1::HeartbeatResponse beat;
    beat.set_cancel_requested(true);
    return beat;
  };
  EXPECT_EQ(*Run("sleep 1000 & wait"), kCancelled);
  EXPECT_EQ(failed_->error(), "Cancelled");
  failed_.reset();
  EXPECT_EQ(*Run("trap 'exit 0' TERM; while :; do sleep 0.01; done"), kCancelled)
      << "what stands behind && must not run";
  EXPECT_EQ(failed_->error(), "Cancelled");
}

TEST_F(RunnerTest, ADeafCommandIsKilled) {
  options_.kill_after = 1;
  on_beat_ = [] { return Refusal(absl::StatusCode::kFailedPrecondition, v1::ERROR_REASON_TASK_EXPIRED); };
  const auto code = Run("trap '' TERM; while :; do sleep 1000; done");
  EXPECT_EQ(ExitCodeFor(code.status()), kExpired);
  EXPECT_FALSE(failed_.has_value());
}

TEST_F(RunnerTest, ATaskThatEndedIsNotSettled) {
  on_beat_ = [] { return Refusal(absl::StatusCode::kFailedPrecondition, v1::ERROR_REASON_TASK_SUPERSEDED); };
  EXPECT_EQ(ExitCodeFor(Run("sleep 1000").status()), kCancelled);
  EXPECT_FALSE(succeeded_.has_value() || failed_.has_value());
}

TEST_F(RunnerTest, AnAbsentBrokerLeavesTheCommandAlone) {
  on_beat_ = [] { return Away(); };
  EXPECT_EQ(*Run("echo 1"), 0);
  EXPECT_TRUE(succeeded_.has_value());
}

TEST_F(RunnerTest, SettlingIsRetried) {
  settle_failures_ = 2;
  EXPECT_EQ(*Run("echo 1"), 0);
  EXPECT_EQ(succeeded_->output(), "1");
}

TEST_F(RunnerTest, SignalsArePassedOn) {
  const auto code = Run("trap 'exit 7' TERM; kill -TERM $PPID; while :; do sleep 0.01; done");
  EXPECT_EQ(*code, 7);
  EXPECT_EQ(failed_->error(), "ExitCode.7");
}

TEST_F(RunnerTest, ADescendantThatKeepsThePipeOpenDoesNotHoldUsUp) {
  EXPECT_EQ(*Run("sleep 1000 & echo $!"), 0);
  kill(std::stoi(succeeded_->output()), SIGKILL);
}

TEST_F(RunnerTest, ACommandThatCannotStartSettlesNothing) {
  options_.child.command = {"/no/such/command"};
  EXPECT_EQ(ExitCodeFor(RunCommand().status()), kUsage);
  EXPECT_FALSE(failed_.has_value());
}

TEST_F(RunnerTest, ARefusedOutcomeIsReported) {
  broker_.succeed = [](const v1::SucceedRequest&, DurationMs) -> absl::StatusOr<v1::SucceedResponse> {
    return Refusal(absl::StatusCode::kInvalidArgument, v1::ERROR_REASON_CONTRACT_VIOLATION);
  };
  EXPECT_EQ(ExitCodeFor(Run("echo 1").status()), kPayloadRefused);
  EXPECT_THAT(err_.str(), HasSubstr("not recorded"));
}

}  // namespace
}  // namespace tokenbroker::cli
