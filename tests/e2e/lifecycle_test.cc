// Starting, stopping, and whose folder it is.
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <thread>

#include "tests/e2e/fixture.h"
#include "tests/e2e/sockets.h"
#include "tests/testing/child_process.h"
#include "tests/testing/http_get.h"
#include "tests/testing/text_file.h"

namespace tokenbroker::testing {
namespace {

class LifecycleTest : public BrokerTest {
 protected:
  mode_t ModeOf(const std::string& path) {
    struct stat info {};
    EXPECT_EQ(::stat(path.c_str(), &info), 0) << path;
    return info.st_mode & 0777;
  }
};

TEST_F(LifecycleTest, PortZeroIsAnyFreeOneAndThePortsFileSaysWhich) {
  Start();
  const std::string ports = ReadFileOr(folder() + "/ports", "");
  EXPECT_EQ(ports, "{\"grpc\":" + std::to_string(process().grpc_port()) +
                       ",\"http\":" + std::to_string(process().http_port()) +
                       ",\"admin\":" + std::to_string(process().admin_port()) + "}\n");
  EXPECT_NE(HttpGet(process().admin_port(), "/readyz").find(" 200 "), std::string::npos);
  EXPECT_NE(HttpGet(process().admin_port(), "/livez").find(" 200 "), std::string::npos);
}

TEST_F(LifecycleTest, ASecondBrokerOnTheSameFolderIsRefused) {
  Start();
  const v1::IssueTaskResponse issued = Issue();
  const CommandResult result =
      RunCommand({broker_.binary, "dev", "--data", broker_.data(), "--grpc-listen", "127.0.0.1:0", "--http-listen",
                  "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"});
  EXPECT_TRUE(WIFEXITED(result.status) && WEXITSTATUS(result.status) != 0) << DescribeEnd(result.status);
  EXPECT_NE(result.output.find("another"), std::string::npos) << "says who has the folder: " << result.output;
  EXPECT_TRUE(SucceedWith(issued.token(), "1").ok()) << "the first one works on";
}

TEST_F(LifecycleTest, OnlyTheOwnerReadsKeysAndData) {
  Start();
  Issue();
  EXPECT_EQ(ModeOf(broker_.data()), 0700u);
  EXPECT_EQ(ModeOf(broker_.data() + "/token-keys.json"), 0600u);
}

TEST_F(LifecycleTest, ADamagedKeyFileIsRefusedAndNamed) {
  Start();
  Issue();
  EXPECT_EQ(Stop(), 0);
  const std::string keys = broker_.data() + "/token-keys.json";
  std::filesystem::resize_file(keys, std::filesystem::file_size(keys) / 2);
  const auto process = BrokerProcess::Start(broker_);
  ASSERT_FALSE(process.ok()) << "a broker without its keys must not make new ones";
  EXPECT_NE(process.status().message().find("token-keys.json"), absl::string_view::npos) << process.status().message();
}

TEST_F(LifecycleTest, SigtermEndsWaitsAndWatchesWithDrainingAndLosesNothing) {
  Start({"--limits-awaits", "20"});
  const std::vector<v1::IssueTaskResponse> issued = IssueMany(50);
  std::vector<std::thread> threads;
  std::vector<grpc::Status> statuses(20);
  const BrokerClient waiter(process().address());
  const auto await = [&](const v1::IssueTaskResponse& task, DurationMs limit) {
    v1::AwaitTaskRequest request;
    *request.mutable_task() = ByToken(task.token());
    *request.mutable_limit() = ToDuration(limit);
    v1::AwaitTaskResponse response;
    return waiter.Call(waiter.tasks(), &v1::TaskService::Stub::AwaitTask, request, response);
  };
  for (size_t i = 0; i < statuses.size(); ++i) {
    threads.emplace_back([&, i] {
      do {
        statuses[i] = await(issued[i], 15'000);
      } while (ReasonOf(statuses[i]) == v1::ERROR_REASON_OVERLOADED);
    });
  }
  // Until there is no room for one more: all wait.
  bool all_wait = false;
  for (const TimeMs until = NowMs() + 10'000; !all_wait && NowMs() < until;) {
    all_wait = ReasonOf(await(issued[45], 1)) == v1::ERROR_REASON_OVERLOADED;
  }
  EXPECT_TRUE(all_wait);
  grpc::ClientContext context;
  client().SetLimit(context);
  v1::WatchTasksRequest watch;
  watch.set_namespace_("e2e");
  auto reader = client().tasks().WatchTasks(&context, watch);
  EXPECT_TRUE(SucceedWith(issued[40].token(), "{\"kept\":true}").ok());
  const TimeMs before = NowMs();
  EXPECT_EQ(Stop(), 0);
  EXPECT_LT(NowMs() - before, 5000);
  for (std::thread& thread : threads) thread.join();
  for (const grpc::Status& status : statuses) {
    EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
    EXPECT_EQ(ReasonOf(status), v1::ERROR_REASON_DRAINING) << Describe(status);
  }
  v1::WatchTasksResponse change;
  while (reader->Read(&change)) {
  }
  const grpc::Status watched = reader->Finish();
  EXPECT_EQ(ReasonOf(watched), v1::ERROR_REASON_DRAINING) << Describe(watched);
  Start();
  EXPECT_EQ(Get(issued[40].token()).outcome().output(), "{\"kept\":true}");
  EXPECT_EQ(Get(issued[0].token()).state(), v1::TASK_STATE_WAITING);
}

// One who never reads, and one as clients are.
TEST_F(LifecycleTest, IdleConnectionsDoNotHoldUpTheEnd) {
  Start({"--drain-timeout", "5m"});
  const BrokerClient idle(process().address());
  v1::GetStatusResponse status;
  EXPECT_TRUE(idle.Call(idle.admin(), &v1::AdminService::Stub::GetStatus, {}, status).ok());
  const int deaf = Connect(process().grpc_port());
  ASSERT_GE(deaf, 0);
  SendAll(deaf, Http2Preface());
  EXPECT_TRUE(SucceedWith(Issue().token(), "1").ok());
  EXPECT_EQ(Stop(), 0) << "much sooner than the drain's timeout";
  ::close(deaf);
}

TEST_F(LifecycleTest, WhatIsBelowTheLogLevelIsNotLogged) {
  Start({"--log-format", "json"});
  EXPECT_EQ(Stop(), 0);
  EXPECT_NE(ReadFileOr(broker_.log(), "").find("\"event\":\"stopped\""), std::string::npos);
  std::filesystem::remove(broker_.log());
  broker_.environment["TOKENBROKER_LOG_LEVEL"] = "warning";
  Start({"--log-format", "json"});
  EXPECT_EQ(Stop(), 0);
  EXPECT_EQ(ReadFileOr(broker_.log(), "").find("\"level\":\"info\""), std::string::npos);
}

TEST_F(LifecycleTest, MistakenFlagsAreNamedAndNothingIsMade) {
  const CommandResult result =
      RunCommand({broker_.binary, "dev", "--data", broker_.data(), "--grpc-listne", "127.0.0.1:0"});
  EXPECT_TRUE(WIFEXITED(result.status) && WEXITSTATUS(result.status) == 2) << DescribeEnd(result.status);
  EXPECT_NE(result.output.find("--grpc-listen"), std::string::npos) << result.output;
  EXPECT_FALSE(std::filesystem::exists(broker_.data()));
}

TEST_F(LifecycleTest, AWholeWordInAnEmptyFolderIsNeverTakenForAStore) {
  std::filesystem::create_directories(broker_.data() + "/db");
  const std::string path = broker_.data() + "/db/CURRENT";
  if (FILE* file = std::fopen(path.c_str(), "w")) std::fputs("MANIFEST-000000\n", file), std::fclose(file);
  const auto process = BrokerProcess::Start(broker_);
  EXPECT_FALSE(process.ok());
}

}  // namespace
}  // namespace tokenbroker::testing
