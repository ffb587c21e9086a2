#include "cli/await.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/time_text.h"
#include "tests/cli/fake_broker.h"

namespace tokenbroker::cli {
namespace {

v1::AwaitTaskResponse Answer(v1::TaskState state) {
  v1::AwaitTaskResponse response;
  *response.mutable_task() = TaskIn(state);
  return response;
}

class AwaitTest : public ::testing::Test {
 protected:
  using Step = absl::StatusOr<v1::AwaitTaskResponse>;

  // Plays one step per call. A WAITING answer takes the limit's time, as at a broker.
  absl::StatusOr<v1::Task> Await(std::vector<Step> steps, std::optional<DurationMs> limit = std::nullopt) {
    size_t next = 0;
    broker_.await = [&](const v1::AwaitTaskRequest& request, DurationMs) -> Step {
      limits_.push_back(ToMs(request.limit()));
      Step step = steps[std::min(next++, steps.size() - 1)];
      if (step.ok() && step->task().state() == v1::TASK_STATE_WAITING) waiter_.now += ToMs(request.limit());
      return step;
    };
    AwaitOptions options;
    options.task.set_token("tkA");
    options.limit = limit;
    return AwaitEnd(broker_, options, waiter_, FixedRandom(), remarks_);
  }

  FakeBroker broker_;
  ManualWaiter waiter_;
  std::ostringstream remarks_;
  std::vector<DurationMs> limits_;
};

TEST_F(AwaitTest, CallsAgainUntilTheTaskEnds) {
  const auto task =
      Await({Answer(v1::TASK_STATE_WAITING), Answer(v1::TASK_STATE_WAITING), Answer(v1::TASK_STATE_FAILED)});
  EXPECT_EQ(task->state(), v1::TASK_STATE_FAILED);
  EXPECT_EQ(limits_, (std::vector<DurationMs>{1, 30'000, 30'000}));
}

TEST_F(AwaitTest, StopsAtTheLimit) {
  EXPECT_EQ(Await({Answer(v1::TASK_STATE_WAITING)}, 45'000)->state(), v1::TASK_STATE_WAITING);
  EXPECT_EQ(limits_, (std::vector<DurationMs>{1, 30'000, 14'999}));
}

TEST_F(AwaitTest, OnceAnsweredItSurvivesALongOutage) {
  std::vector<Step> steps = {Answer(v1::TASK_STATE_WAITING)};
  steps.insert(steps.end(), 100, Away());
  steps.push_back(Answer(v1::TASK_STATE_SUCCEEDED));
  EXPECT_EQ(Await(steps)->state(), v1::TASK_STATE_SUCCEEDED);
  EXPECT_NE(remarks_.str().find("is back"), std::string::npos);
}

TEST_F(AwaitTest, ARestartInItsFirstSecondsIsWaitedOut) {
  std::vector<Step> steps(100, Away());
  steps.front() = Answer(v1::TASK_STATE_WAITING);
  steps.push_back(Answer(v1::TASK_STATE_WAITING));
  steps.push_back(Answer(v1::TASK_STATE_SUCCEEDED));
  EXPECT_EQ(Await(steps)->state(), v1::TASK_STATE_SUCCEEDED);
  EXPECT_EQ(limits_.front(), 1) << "the answer to the first call comes at once";
  EXPECT_EQ(limits_[1], 30'000);
  EXPECT_EQ(limits_[100], 1) << "that it is back is seen at once";
  EXPECT_EQ(limits_.back(), 30'000);
}

TEST_F(AwaitTest, ThatItIsDrainingIsAnAnswer) {
  std::vector<Step> steps(100, Away());
  steps.front() = Refusal(absl::StatusCode::kUnavailable, v1::ERROR_REASON_DRAINING);
  steps.push_back(Answer(v1::TASK_STATE_SUCCEEDED));
  EXPECT_EQ(Await(steps)->state(), v1::TASK_STATE_SUCCEEDED);
}

TEST_F(AwaitTest, ABrokerThatNeverAnsweredIsGivenUpSoon) {
  EXPECT_EQ(Await({Away()}).status(), Away());
  EXPECT_LE(waiter_.Now(), 1'000'000 + 10'000);
}

TEST_F(AwaitTest, AnUnknownTaskEndsIt) {
  EXPECT_EQ(Await({Refusal(absl::StatusCode::kNotFound, v1::ERROR_REASON_TASK_UNKNOWN)}).status().code(),
            absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace tokenbroker::cli
