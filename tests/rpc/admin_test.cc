// AdminService.
#include <filesystem>

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

}  // namespace
}  // namespace tokenbroker::rpc
