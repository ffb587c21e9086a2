#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/cli/fake_broker.h"

namespace tokenbroker::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

v1::Task FullTask() {
  v1::Task task = TaskIn(v1::TASK_STATE_SUCCEEDED);
  task.set_correlation_key("order-17");
  task.set_summary("line\x1b[31m");
  (*task.mutable_labels())["b"] = "2";
  (*task.mutable_labels())["a"] = "1";
  task.set_input("{\"n\": 1.0}");
  task.mutable_issued_at()->set_seconds(1'799'999'700);
  task.mutable_heartbeat_timeout()->set_seconds(90);
  task.mutable_outcome()->set_output("[1, 2]");
  task.mutable_outcome()->mutable_resolved_at()->set_seconds(1'799'999'940);
  task.mutable_outcome()->set_resolved_by("token");
  return task;
}

class TaskViewTest : public ::testing::Test, protected CommandTest {
 protected:
  TaskViewTest() {
    broker.get = [](const v1::GetTaskRequest&, DurationMs) -> absl::StatusOr<v1::GetTaskResponse> {
      v1::GetTaskResponse response;
      *response.mutable_task() = FullTask();
      return response;
    };
    broker.list = [](const v1::ListTasksRequest&, DurationMs) -> absl::StatusOr<v1::ListTasksResponse> {
      v1::ListTasksResponse response;
      *response.add_tasks() = FullTask();
      response.set_watch_cursor("c");
      return response;
    };
  }
};

TEST_F(TaskViewTest, JsonHasStableNamesAndVerbatimPayloads) {
  ASSERT_EQ(Tokenctl({"get", "tkA", "-o", "jsonl"}), 0);
  EXPECT_EQ(out,
            "{\"task_id\":\"0123456789abcdef01\",\"namespace\":\"default\",\"state\":\"SUCCEEDED\","
            "\"correlation_key\":\"order-17\",\"attempt\":1,\"summary\":\"line\\u001b[31m\","
            "\"labels\":{\"a\":\"1\",\"b\":\"2\"},\"input\":{\"n\": 1.0},\"issued_at\":\"2027-01-15T07:55:00.000Z\","
            "\"heartbeat_timeout\":\"1m30s\",\"outcome\":{\"output\":[1, 2],"
            "\"resolved_at\":\"2027-01-15T07:59:00.000Z\",\"resolved_by\":\"token\"}}\n");
}

TEST_F(TaskViewTest, PeopleSeeRelativeTimesAndNoControlCharacters) {
  ASSERT_EQ(Tokenctl({"get", "tkA"}), 0);
  EXPECT_THAT(out, HasSubstr("issued:       2027-01-15T07:55:00.000Z (5m ago)"));
  EXPECT_THAT(out, Not(HasSubstr("\x1b")));
}

TEST_F(TaskViewTest, TheTableIsAligned) {
  ASSERT_EQ(Tokenctl({"list"}), 0);
  EXPECT_EQ(out,
            "TASK                STATE      KEY       ISSUED  DEADLINE  HEARTBEAT  SUMMARY\n"
            "0123456789abcdef01  SUCCEEDED  order-17  5m ago                       line?[31m\n");
}

TEST_F(TaskViewTest, AListAsJsonSaysWhereToGoOn) {
  ASSERT_EQ(Tokenctl({"list", "-o", "json"}), 0);
  EXPECT_THAT(out, HasSubstr("\"watch_cursor\": \"c\""));
}

}  // namespace
}  // namespace tokenbroker::cli
