// AdminService.
#include <filesystem>
#include <latch>
#include <thread>

#include "server/calls/admin_calls.h"
#include "tests/rpc/door_fixture.h"

namespace tokenbroker::rpc {
namespace {

using AdminTest = DoorFixture;

TEST_F(AdminTest, StatusCountsWhatIsOpen) {
  IssueWithKey("a");
  const auto ended = IssueWithKey("b");
  ASSERT_TRUE(Succeed(ByToken(ended.token()), "1").ok());
  ASSERT_TRUE(Succeed(ByKey("demo", "not yet"), "1").ok());
  clock_.Advance(3000);
  pb::GetStatusRequest request;
  pb::GetStatusResponse response;
  ASSERT_TRUE(Call(*admin_, &pb::AdminService::Stub::GetStatus, request, &response).ok());
  EXPECT_EQ(response.version(), "test");
  EXPECT_EQ(response.open_tasks(), 1u);
  EXPECT_EQ(response.parked_callbacks(), 1u);
  EXPECT_EQ(response.oldest_open_age().seconds(), 3);
  EXPECT_FALSE(response.draining());
}

TEST_F(AdminTest, WithoutABackupRootThereAreNoBackups) {
  pb::CreateBackupRequest request;
  request.set_path("/tmp/backup");
  pb::CreateBackupResponse response;
  EXPECT_EQ(ReasonOf(Call(*admin_, &pb::AdminService::Stub::CreateBackup, request, &response)), "INVALID_FIELD");
}

class BackupTest : public DoorFixture {
 protected:
  void Prepare(calls::Door& door) override {
    door.backup_root = testing::TempDir();
    door.backups = &backups_;
  }
  grpc::Status Backup(pb::CreateBackupResponse* response) {
    pb::CreateBackupRequest request;
    request.set_path(testing::TempDir() + "/never_made");
    return Call(*admin_, &pb::AdminService::Stub::CreateBackup, request, response);
  }

  calls::Backups backups_;
};

TEST_F(BackupTest, OneAtATimeIsWrittenAndNobodyElseWaitsForIt) {
  std::latch copying(1), copied(1);
  store_.backup = [&] {
    copying.count_down();
    copied.wait();
    return absl::OkStatus();
  };
  IssueWithKey("a");
  pb::CreateBackupResponse first, second;
  grpc::Status status;
  std::thread caller([&] { status = Backup(&first); });
  copying.wait();

  const grpc::Status refused = Backup(&second);
  EXPECT_EQ(ReasonOf(refused), "OVERLOADED");
  EXPECT_GT(DetailOf<google::rpc::RetryInfo>(refused).retry_delay().seconds(), 0);
  IssueWithKey("b");
  pb::ListTasksRequest list;
  list.set_namespace_("demo");
  pb::ListTasksResponse tasks;
  EXPECT_TRUE(Call(*tasks_, &pb::TaskService::Stub::ListTasks, list, &tasks).ok());
  EXPECT_EQ(tasks.tasks_size(), 2);

  copied.count_down();
  caller.join();
  EXPECT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(first.last_sequence(), 1u) << "what came while it was written may be in it";
  store_.backup = [] { return absl::OkStatus(); };
  EXPECT_TRUE(Backup(&second).ok()) << "whoever has his answer may begin the next";
  EXPECT_EQ(second.last_sequence(), 2u);
}

TEST(BackupPathTest, StaysBelowTheRoot) {
  namespace fs = std::filesystem;
  const fs::path root = fs::path(testing::TempDir()) / "backup_root";
  fs::remove_all(root);
  fs::create_directories(root / "there");
  fs::create_directory_symlink("/", root / "out");
  EXPECT_FALSE(calls::CheckBackupPath((root / "new").string(), root.string()));
  EXPECT_FALSE(calls::CheckBackupPath((root / "there" / "new").string(), root.string()));
  for (const fs::path& bad : {root, root / "there", root / ".." / "x", root / "out" / "etc" / "x", fs::path("relative"),
                              fs::path(""), fs::path(root.string() + "2/x"), root / ""}) {
    EXPECT_TRUE(calls::CheckBackupPath(bad.string(), root.string())) << bad;
  }
}

TEST(BackupPathTest, SaysWhyAFolderCannotBeMade) {
  namespace fs = std::filesystem;
  const fs::path root = fs::path(testing::TempDir()) / "backup_reasons";
  fs::remove_all(root);
  fs::create_directories(root);
  const auto refused = [&](const fs::path& path) { return calls::CheckBackupPath(path.string(), root.string()); };
  EXPECT_EQ(refused(root / "none" / "new").message,
            "path cannot be made: the folder that it is to be in does not exist");
  EXPECT_EQ(refused(root / std::string(300, 'x')).message, "path cannot be made: File name too long");
  EXPECT_EQ(refused("/new").message, "path must be an absolute path below " + root.string());
}

}  // namespace
}  // namespace tokenbroker::rpc
