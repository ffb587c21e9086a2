// Wall clocks that jump under a running broker, and between two runs of it. Needs libfaketime.
#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "tests/e2e/fixture.h"

namespace tokenbroker::testing {
namespace {

constexpr char kLibrary[] = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1";

class ClockTest : public BrokerTest {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(kLibrary)) GTEST_SKIP() << "libfaketime is not installed (apt-get install faketime)";
    SetClock("+0s");
    broker_.environment = {{"LD_PRELOAD", kLibrary},
                           {"FAKETIME_TIMESTAMP_FILE", folder() + "/clock"},
                           {"FAKETIME_NO_CACHE", "1"},
                           {"FAKETIME_DONT_FAKE_MONOTONIC", "1"}};
  }

  // The broker's wall clock from now on, relative to the machine's.
  void SetClock(const std::string& offset) {
    std::ofstream(folder() + "/clock.new") << offset << "\n";
    std::filesystem::rename(folder() + "/clock.new", folder() + "/clock");
  }

  // How long the task waited, by our own clock; the end is awaited.
  DurationMs LifeOf(const v1::IssueTaskResponse& issued, TimeMs from) {
    v1::AwaitTaskRequest request;
    *request.mutable_task() = ByToken(issued.token());
    *request.mutable_limit() = ToDuration(15'000);
    v1::AwaitTaskResponse response;
    const grpc::Status status = client().Call(client().tasks(), &v1::TaskService::Stub::AwaitTask, request, response);
    EXPECT_TRUE(status.ok()) << Describe(status);
    EXPECT_EQ(response.task().state(), v1::TASK_STATE_EXPIRED);
    return NowMs() - from;
  }
};

TEST_F(ClockTest, StepsOfTheWallClockMoveNoDeadline) {
  Start();
  for (const char* step : {"+3600s", "-3600s", "+31536000s", "-31536000s", "+0s"}) {
    const TimeMs from = NowMs();
    const v1::IssueTaskResponse issued = Issue("clock", 1500);
    const v1::IssueTaskResponse patient = Issue("clock", 3'600'000);
    SetClock(step);
    const DurationMs life = LifeOf(issued, from);
    EXPECT_GE(life, 1490) << step;
    EXPECT_LT(life, 2500) << step;
    EXPECT_EQ(Get(patient.token()).state(), v1::TASK_STATE_WAITING) << step;
  }
}

TEST_F(ClockTest, TimeDoesNotRunBackwardsAcrossARestart) {
  Start();
  const v1::IssueTaskResponse first = Issue("clock", 10'000);
  const TimeMs issued_at = ToMs(Get(first.token()).issued_at());
  Kill();
  SetClock("-86400s");
  Start();
  const v1::IssueTaskResponse second = Issue("clock", 10'000);
  EXPECT_GE(ToMs(Get(second.token()).issued_at()), issued_at);
  EXPECT_EQ(Get(first.token()).state(), v1::TASK_STATE_WAITING);
  const TimeMs from = NowMs();
  const DurationMs life = LifeOf(Issue("clock", 1000), from);
  EXPECT_GE(life, 990);
  EXPECT_LT(life, 2000);
}

// The machine was off, or its clock was wrong: deadlines that passed meanwhile are due at once, the others keep.
TEST_F(ClockTest, DeadlinesThatPassedWhileItWasDownAreServedAtTheStart) {
  Start();
  const v1::IssueTaskResponse due = Issue("clock", 1'800'000);
  const v1::IssueTaskResponse later = Issue("clock", 7'200'000);
  v1::IssueTaskRequest request;
  request.set_namespace_("clock");
  *request.mutable_timeout() = ToDuration(7'200'000);
  *request.mutable_heartbeat_timeout() = ToDuration(60'000);
  v1::IssueTaskResponse beating;
  ASSERT_TRUE(client().Issue(request, beating).ok());
  Kill();
  SetClock("+3600s");
  Start();
  EXPECT_EQ(Get(due.token()).state(), v1::TASK_STATE_EXPIRED);
  EXPECT_EQ(Get(later.token()).state(), v1::TASK_STATE_WAITING);
  EXPECT_EQ(Get(beating.token()).state(), v1::TASK_STATE_WAITING)
      << "after a restart a heartbeat gets its whole interval";
}

}  // namespace
}  // namespace tokenbroker::testing
