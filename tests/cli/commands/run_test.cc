// How tokenctl run meets its task; its child is tried in tests/cli/run.
#include <filesystem>
#include <string>

#include "cli/exit_code.h"
#include "tests/cli/commands/commands_fixture.h"

namespace tokenbroker::cli {
namespace {

TEST_F(CommandsTest, RunDoesNotStartForATaskThatEnded) {
  broker.get = [](const v1::GetTaskRequest&, DurationMs) -> absl::StatusOr<v1::GetTaskResponse> {
    v1::GetTaskResponse response;
    *response.mutable_task() = TaskIn(v1::TASK_STATE_EXPIRED);
    return response;
  };
  EXPECT_EQ(Tokenctl({"run", "tkA", "--", "touch", "/no/such/folder"}), kExpired);
}

TEST_F(CommandsTest, RunByKeyHoldsOnToTheTaskThatItFound) {
  broker.get = [](const v1::GetTaskRequest& request, DurationMs) -> absl::StatusOr<v1::GetTaskResponse> {
    EXPECT_EQ(request.task().key().key(), "order-17");
    v1::GetTaskResponse response;
    *response.mutable_task() = TaskIn(v1::TASK_STATE_WAITING);
    return response;
  };
  broker.heartbeat = [](const v1::HeartbeatRequest& request, DurationMs) -> absl::StatusOr<v1::HeartbeatResponse> {
    EXPECT_EQ(request.task().task_id(), "0123456789abcdef01");
    return v1::HeartbeatResponse();
  };
  ASSERT_EQ(Tokenctl({"run", "--key", "order-17", "--", "printf", "%s", "-o"}), 0) << err;
  EXPECT_EQ(succeeded_.task().task_id(), "0123456789abcdef01");
  EXPECT_EQ(succeeded_.output(), "\"-o\"");
}

TEST_F(CommandsTest, WhatRunHandsOnHoldsInEveryFolder) {
  broker.get = [](const v1::GetTaskRequest&, DurationMs) -> absl::StatusOr<v1::GetTaskResponse> {
    v1::GetTaskResponse response;
    *response.mutable_task() = TaskIn(v1::TASK_STATE_WAITING);
    return response;
  };
  broker.heartbeat = [](const v1::HeartbeatRequest&, DurationMs) -> absl::StatusOr<v1::HeartbeatResponse> {
    return v1::HeartbeatResponse();
  };
  environment["TOKENBROKER_CONFIG"] = "no-such-config.yaml";
  const std::string script =
      "echo $TOKENBROKER_TASK_ID $TOKENBROKER_ADDRESS $TOKENBROKER_CONFIG $TOKENBROKER_API_KEY_FILE "
      "$TOKENBROKER_TLS_CA";
  ASSERT_EQ(Tokenctl({"run", "--key", "k", "-a", "unix:sock", "--api-key-file", "my.key", "--tls-ca", "ca.pem", "--",
                      "sh", "-c", script}),
            0)
      << err;
  const std::string here = std::filesystem::current_path().string() + "/";
  EXPECT_EQ(out, "0123456789abcdef01 unix:" + here + "sock " + here + "no-such-config.yaml " + here + "my.key " + here +
                     "ca.pem\n");
}

}  // namespace
}  // namespace tokenbroker::cli
