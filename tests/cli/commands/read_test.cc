// tokenctl await, get and list.
#include <algorithm>
#include <vector>

#include "cli/exit_code.h"
#include "cli/time_text.h"
#include "tests/cli/commands/commands_fixture.h"

namespace tokenbroker::cli {
namespace {

using ::testing::HasSubstr;

TEST_F(CommandsTest, AwaitTellsTheOutcomeByExitCode) {
  v1::Task task = TaskIn(v1::TASK_STATE_SUCCEEDED);
  task.mutable_outcome()->set_output("{\"n\": 1.0}");
  broker.await = [&](const v1::AwaitTaskRequest&, DurationMs) -> absl::StatusOr<v1::AwaitTaskResponse> {
    v1::AwaitTaskResponse response;
    *response.mutable_task() = task;
    return response;
  };
  EXPECT_EQ(Tokenctl({"await", "tkA", "-o", "output"}), 0);
  EXPECT_EQ(out, "{\"n\": 1.0}\n");
  task = TaskIn(v1::TASK_STATE_FAILED);
  EXPECT_EQ(Tokenctl({"await", "tkA"}), kTaskFailed);
}

TEST_F(CommandsTest, GetTellsByItsExitCodeWhetherThereIsAnOutput) {
  v1::TaskState state = v1::TASK_STATE_SUCCEEDED;
  broker.get = [&](const v1::GetTaskRequest&, DurationMs) -> absl::StatusOr<v1::GetTaskResponse> {
    v1::GetTaskResponse response;
    *response.mutable_task() = TaskIn(state);
    return response;
  };
  EXPECT_EQ(Tokenctl({"get", "tkA", "-o", "output"}), kOk);
  state = v1::TASK_STATE_FAILED;
  EXPECT_EQ(Tokenctl({"get", "tkA", "-o", "output"}), kTaskFailed);
  EXPECT_EQ(out, "");
  EXPECT_EQ(Tokenctl({"get", "tkA"}), kOk);
  state = v1::TASK_STATE_WAITING;
  EXPECT_EQ(Tokenctl({"get", "tkA", "-o", "output"}), kLimitReached);
}

TEST_F(CommandsTest, ListReadsAsManyPagesAsItNeeds) {
  std::vector<int> sizes;
  broker.list = [&](const v1::ListTasksRequest& request, DurationMs) -> absl::StatusOr<v1::ListTasksResponse> {
    sizes.push_back(request.page_size());
    v1::ListTasksResponse page;
    for (int i = 0; i < std::min(request.page_size(), 60); ++i) *page.add_tasks() = TaskIn(v1::TASK_STATE_WAITING);
    page.set_next_page_token("more");
    return page;
  };
  EXPECT_EQ(Tokenctl({"list", "--limit", "100", "-o", "id"}), 0) << err;
  EXPECT_EQ(sizes, (std::vector<int>{100, 40}));
  EXPECT_EQ(std::count(out.begin(), out.end(), '\n'), 100);
  EXPECT_THAT(err, HasSubstr("--page-token more"));
}

TEST_F(CommandsTest, ListSendsItsConditions) {
  broker.list = [&](const v1::ListTasksRequest& request, DurationMs) -> absl::StatusOr<v1::ListTasksResponse> {
    EXPECT_EQ(request.filter().states_size(), 2);
    EXPECT_EQ(request.filter().labels().at("a"), "b");
    EXPECT_EQ(ToMs(request.filter().min_age()), 3'600'000);
    return v1::ListTasksResponse();
  };
  EXPECT_EQ(Tokenctl({"list", "--state", "waiting,Failed", "-l", "a=b", "--min-age", "1h"}), 0) << err;
  EXPECT_EQ(Tokenctl({"list", "--state", "open"}), kUsage);
}

}  // namespace
}  // namespace tokenbroker::cli
