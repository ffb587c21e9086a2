#include "storage/rocksdb/zeroed_logs.h"

#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <thread>

#include "gtest/gtest.h"
#include "tests/testing/fault_file_system.h"
#include "tests/testing/temp_folder.h"

namespace tokenbroker::storage {
namespace {

namespace fs = std::filesystem;
using ::tokenbroker::testing::FaultFileSystem;
using ::tokenbroker::testing::TempFolder;

constexpr uint64_t kAhead = 128 << 10;
constexpr uint64_t kLog = 1 << 20;

std::string Contents(const std::string& path) {
  std::ostringstream contents;
  contents << std::ifstream(path, std::ios::binary).rdbuf();
  return contents.str();
}

class ZeroedLogsTest : public ::testing::Test {
 protected:
  ZeroedLogsTest() { fs::create_directory(folder_ / "trash"); }

  void Make(const std::string& name) {
    written_.clear();
    path_ = folder_ / name;
    ASSERT_TRUE(logs_->NewWritableFile(path_, {}, &file_, nullptr).ok());
  }
  bool Append(size_t size) {
    const std::string data(size, static_cast<char>('a' + written_.size() % 26));
    if (!file_->Append(data, {}, nullptr).ok()) return false;
    written_ += data;
    return true;
  }
  std::string WithZeros(size_t zeros) const { return written_ + std::string(zeros, '\0'); }

  // A log whose predecessor was long. Returns how many zeros it has.
  uint64_t MakeOfZeros() {
    Make("000004.log");
    while (written_.size() < kLog) EXPECT_TRUE(Append(7'001));
    // They are made on another thread.
    const std::string spare = folder_ / "log.spare";
    while (!fs::exists(spare) || fs::file_size(spare) < kLog / 2) std::this_thread::yield();
    Make("000005.log");
    EXPECT_FALSE(fs::exists(spare));
    const uint64_t zeros = fs::file_size(path_);
    EXPECT_GE(zeros, kLog / 2);
    EXPECT_EQ(Contents(path_), WithZeros(zeros));
    return zeros;
  }

  TempFolder folder_{TempFolder::InMemory()};
  const std::shared_ptr<FaultFileSystem> disk_ = std::make_shared<FaultFileSystem>(folder_ / "trash");
  const std::shared_ptr<rocksdb::FileSystem> logs_ = WithZeroedLogs(disk_, fs::path(folder_ / "x").parent_path(), kLog);
  std::unique_ptr<rocksdb::FSWritableFile> file_;
  std::string path_;
  std::string written_;
};

TEST_F(ZeroedLogsTest, SmallCommitsAreWrittenOverZeros) {
  Make("000004.log");
  ASSERT_TRUE(Append(300));
  EXPECT_EQ(Contents(path_), WithZeros(kAhead - 300));
  const uint64_t calls = disk_->calls();
  ASSERT_TRUE(Append(5'000));
  EXPECT_EQ(Contents(path_), WithZeros(kAhead - 5'300));
  EXPECT_EQ(disk_->calls(), calls + 1) << "zeros are written once for many commits";
}

TEST_F(ZeroedLogsTest, ZerosGoOnWhereTheyEnd) {
  Make("000004.log");
  while (written_.size() < 3 * kAhead) ASSERT_TRUE(Append(7'001));
  const std::string contents = Contents(path_);
  EXPECT_EQ(contents, WithZeros(contents.size() - written_.size()));
  EXPECT_LE(contents.size(), written_.size() + kAhead);
}

TEST_F(ZeroedLogsTest, LargeCommitsAreWrittenOnce) {
  Make("000004.log");
  ASSERT_TRUE(Append(100'000));
  EXPECT_EQ(Contents(path_), written_);
  ASSERT_TRUE(Append(300));
  ASSERT_TRUE(Append(kAhead)) << "over the zeros, and beyond them";
  EXPECT_EQ(Contents(path_), written_);
}

TEST_F(ZeroedLogsTest, OtherFilesAreLeftAlone) {
  for (const char* name : {"000005.sst", "MANIFEST-000003", "000006.log.cut"}) {
    Make(name);
    ASSERT_TRUE(Append(300));
    EXPECT_EQ(Contents(path_), written_) << name;
  }
}

TEST_F(ZeroedLogsTest, ClosedLogsEndWithTheirLastRecord) {
  Make("000004.log");
  file_->SetPreallocationBlockSize(1 << 20);  // as RocksDB does
  file_->PrepareWrite(0, 300, {}, nullptr);
  ASSERT_TRUE(Append(300));
  ASSERT_TRUE(file_->Close({}, nullptr).ok());
  EXPECT_EQ(Contents(path_), written_);
}

TEST_F(ZeroedLogsTest, WithoutZerosCommitsAreWrittenAllTheSame) {
  Make("000004.log");
  disk_->FailAfter(0);
  ASSERT_TRUE(Append(300));
  ASSERT_TRUE(Append(300));
  EXPECT_EQ(disk_->failed(), "overwrite");
  EXPECT_EQ(Contents(path_), written_);
}

TEST_F(ZeroedLogsTest, ALogBehindALongOneIsMadeOfZeros) {
  const uint64_t zeros = MakeOfZeros();
  for (const size_t size : {300, 5'000, 3'796, 1, 4'096, 8'191, 70'000, 12}) {
    const uint64_t calls = disk_->calls();
    ASSERT_TRUE(Append(size));
    EXPECT_EQ(disk_->calls(), calls + 1) << size;
    EXPECT_EQ(Contents(path_), WithZeros(zeros - written_.size())) << size;
  }
  ASSERT_TRUE(file_->Close({}, nullptr).ok());
  EXPECT_EQ(Contents(path_), written_);
}

TEST_F(ZeroedLogsTest, AnOpenLogIsAsLongAsItsRecords) {
  const auto size = [&] {
    uint64_t bytes = 0;
    EXPECT_TRUE(logs_->GetFileSize(path_, {}, &bytes, nullptr).ok());
    return bytes;
  };
  Make("000004.log");
  ASSERT_TRUE(Append(300));
  EXPECT_EQ(size(), 300u);
  MakeOfZeros();
  EXPECT_EQ(size(), 0u);
  ASSERT_TRUE(Append(5'000));
  EXPECT_EQ(size(), 5'000u);
  ASSERT_TRUE(file_->Close({}, nullptr).ok());
  file_.reset();
  EXPECT_EQ(size(), 5'000u);
}

TEST_F(ZeroedLogsTest, LogsOfOtherFoldersAreLeftAlone) {
  Make("000004.log");
  while (written_.size() < kLog) ASSERT_TRUE(Append(7'001));
  while (!fs::exists(folder_ / "log.spare")) std::this_thread::yield();
  Make("trash/000004.log");
  ASSERT_TRUE(Append(300));
  EXPECT_EQ(Contents(path_), written_);
  EXPECT_TRUE(fs::exists(folder_ / "log.spare"));
}

TEST_F(ZeroedLogsTest, ALogOfZerosGoesOnBehindThem) {
  const uint64_t zeros = MakeOfZeros();
  ASSERT_TRUE(Append(zeros - 100));
  ASSERT_TRUE(Append(1'300'000)) << "more than is written at once";
  ASSERT_TRUE(Append(7));
  EXPECT_EQ(Contents(path_).substr(0, written_.size()), written_);
  ASSERT_TRUE(file_->Close({}, nullptr).ok());
  EXPECT_EQ(Contents(path_), written_);
}

TEST_F(ZeroedLogsTest, ALogThatFailsToBeMadeOfZerosBeginsEmpty) {
  MakeOfZeros();
  while (written_.size() < kLog) ASSERT_TRUE(Append(7'001));
  while (!fs::exists(folder_ / "log.spare")) std::this_thread::yield();
  fs::remove(folder_ / "log.spare");
  Make("000006.log");
  EXPECT_EQ(fs::file_size(path_), 0u);
  ASSERT_TRUE(Append(300));
  EXPECT_EQ(Contents(path_), WithZeros(kAhead - 300));
}

TEST_F(ZeroedLogsTest, BehindAShortLogThereAreNone) {
  Make("000004.log");
  while (written_.size() < kLog / 4) ASSERT_TRUE(Append(7'001));
  Make("000005.log");
  EXPECT_EQ(fs::file_size(path_), 0u);
}

TEST_F(ZeroedLogsTest, FailedAppendToALogOfZerosIsToldOf) {
  const uint64_t zeros = MakeOfZeros();
  ASSERT_TRUE(Append(300));
  disk_->FailAfter(0);
  EXPECT_FALSE(file_->Append(std::string(9'000, 'x'), {}, nullptr).ok());
  EXPECT_EQ(Contents(path_).substr(0, 300), written_);
  EXPECT_EQ(Contents(path_).size(), zeros);
}

TEST_F(ZeroedLogsTest, FailedAppendIsToldOf) {
  Make("000004.log");
  ASSERT_TRUE(Append(300));
  disk_->FailAfter(0);
  EXPECT_FALSE(Append(300));
}

}  // namespace
}  // namespace tokenbroker::storage
