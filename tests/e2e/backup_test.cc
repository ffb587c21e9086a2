// A backup taken under load, restored beside the original: old tokens work, and nothing is ever numbered twice.
#include <atomic>
#include <filesystem>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "tests/e2e/fixture.h"
#include "tests/testing/child_process.h"

namespace tokenbroker::testing {
namespace {

class BackupTest : public BrokerTest {
 protected:
  uint32_t Epoch() {
    v1::GetStatusResponse status;
    EXPECT_TRUE(client().Call(client().admin(), &v1::AdminService::Stub::GetStatus, {}, status).ok());
    return status.epoch();
  }

  void Restore(const std::string& backup, const std::string& to) {
    const CommandResult result = RunCommand({broker_.binary, "restore", backup, to});
    ASSERT_TRUE(result.ok()) << result.output;
    // As the restore says: a backup does not hold the keys.
    std::filesystem::copy_file(broker_.data() + "/token-keys.json", to + "/token-keys.json");
  }
};

TEST_F(BackupTest, UnderLoadHoldsAllThatWasAcknowledgedBefore) {
  const std::string backups = folder() + "/backups";
  std::filesystem::create_directories(backups);
  Start({"--storage-backup-root", backups, "--storage-checkpoint-entries", "1000", "--storage-checkpoint-interval",
         "1s"});
  const uint32_t epoch = Epoch();
  std::vector<v1::IssueTaskResponse> before = IssueMany(3000);
  for (size_t i = 0; i < 500; ++i) ASSERT_TRUE(SucceedWith(before[i].token(), "{\"before\":1}").ok());
  std::atomic<bool> stop{false};
  std::set<std::string> ids;
  const std::string address = process().address();
  std::thread load([&] {
    const BrokerClient other(address);
    v1::BatchIssueTasksRequest request;
    for (int i = 0; i < 100; ++i) request.add_items()->set_namespace_("e2e");
    while (!stop) {
      v1::BatchIssueTasksResponse response;
      if (!other.Call(other.tasks(), &v1::TaskService::Stub::BatchIssueTasks, request, response).ok()) return;
      for (const auto& item : response.items()) ids.insert(item.issued().task_id());
    }
  });
  v1::CreateBackupRequest request;
  request.set_path(backups + "/one");
  v1::CreateBackupResponse taken;
  const grpc::Status status = client().Call(client().admin(), &v1::AdminService::Stub::CreateBackup, request, taken);
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  stop = true;
  load.join();
  ASSERT_TRUE(status.ok()) << Describe(status);
  for (const v1::IssueTaskResponse& issued : before) ids.insert(issued.task_id());
  for (const v1::IssueTaskResponse& issued : IssueMany(100)) ids.insert(issued.task_id());
  EXPECT_EQ(std::filesystem::status(taken.path()).permissions(), std::filesystem::perms::owner_all);
  const CommandResult in_use = RunCommand({broker_.binary, "verify", broker_.data()});
  EXPECT_FALSE(in_use.ok());
  EXPECT_NE(in_use.output.find("in use by process"), std::string::npos) << in_use.output;
  EXPECT_EQ(Stop(), 0);

  EXPECT_TRUE(RunCommand({broker_.binary, "verify", taken.path()}).ok());
  const std::string restored = folder() + "/restored/data";
  std::filesystem::create_directories(folder() + "/restored");
  Restore(taken.path(), restored);
  broker_.folder += "/restored";
  Start();
  EXPECT_EQ(Epoch(), epoch + 1);
  for (size_t i = 0; i < before.size(); ++i) {
    const v1::Task task = Get(before[i].token());
    ASSERT_EQ(task.task_id(), before[i].task_id());
    ASSERT_EQ(task.outcome().output(), i < 500 ? "{\"before\":1}" : "");
  }
  EXPECT_TRUE(SucceedWith(before[600].token(), "1").ok());
  for (const v1::IssueTaskResponse& issued : IssueMany(2000))
    EXPECT_TRUE(ids.insert(issued.task_id()).second) << issued.task_id();
  EXPECT_EQ(Stop(), 0);
  broker_.folder = std::filesystem::path(broker_.folder).parent_path();
}

TEST_F(BackupTest, GoesNowhereButBelowTheBackupRoot) {
  const std::string backups = folder() + "/backups";
  std::filesystem::create_directories(backups);
  Start({"--storage-backup-root", backups});
  for (const std::string& path : {folder() + "/elsewhere", backups + "/../sideways", std::string("relative"),
                                  std::string(), backups, broker_.data() + "/inside"}) {
    v1::CreateBackupRequest request;
    request.set_path(path);
    v1::CreateBackupResponse taken;
    const grpc::Status status = client().Call(client().admin(), &v1::AdminService::Stub::CreateBackup, request, taken);
    EXPECT_EQ(ReasonOf(status), v1::ERROR_REASON_INVALID_FIELD) << path << ": " << Describe(status);
  }
  EXPECT_FALSE(std::filesystem::exists(folder() + "/elsewhere"));
  EXPECT_FALSE(std::filesystem::exists(folder() + "/sideways"));
}

}  // namespace
}  // namespace tokenbroker::testing
