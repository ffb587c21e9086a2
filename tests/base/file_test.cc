#include "base/file.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

namespace tokenbroker {
namespace {

namespace fs = std::filesystem;

class FileTest : public testing::Test {
 protected:
  FileTest() {
    std::string folder = testing::TempDir() + "file-XXXXXX";
    folder_ = mkdtemp(folder.data());
    path_ = folder_ + "/f";
  }
  ~FileTest() override { fs::remove_all(folder_); }

  size_t Entries() const { return std::distance(fs::directory_iterator(folder_), fs::directory_iterator()); }
  mode_t ModeOf(const std::string& path) const {
    struct stat info {};
    EXPECT_EQ(stat(path.c_str(), &info), 0);
    return info.st_mode & 0777;
  }

  std::string folder_;
  std::string path_;
};

TEST_F(FileTest, IsReadUpToItsLimit) {
  const std::string text = std::string(200'000, 'x') + std::string("\0\n", 2);
  std::ofstream(path_) << text;
  EXPECT_EQ(*ReadFile(path_, text.size()), text);
  EXPECT_EQ(ReadFile(path_, text.size() - 1).status(), absl::OutOfRangeError("larger than 200001 bytes"));
  EXPECT_EQ(*ReadFile("/dev/null", 0), "");
  EXPECT_TRUE(absl::IsOutOfRange(ReadFile("/dev/zero", 1'000'000).status()));
}

TEST_F(FileTest, WhyItCannotBeReadIsSaid) {
  EXPECT_EQ(ReadFile(path_, 1).status(), absl::NotFoundError("No such file or directory"));
  EXPECT_EQ(ReadFile(folder_, 1).status().message(), "Is a directory");
}

TEST_F(FileTest, IsReadFromWhereItsDescriptorStands) {
  std::ofstream(path_) << "abcdef";
  const int fd = open(path_.c_str(), O_RDONLY);
  lseek(fd, 4, SEEK_SET);
  EXPECT_EQ(*ReadAll(fd, 2), "ef");
  close(fd);
}

void Nothing(int) {}

// A pipe that is full, and a signal for each piece that is taken from it.
TEST_F(FileTest, IsWrittenWholeWhateverInterrupts) {
  struct sigaction action {};
  action.sa_handler = Nothing;
  sigaction(SIGUSR1, &action, nullptr);
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  std::string text;
  for (int i = 0; text.size() < 1'000'000; ++i) text += std::to_string(i);
  std::string got;
  std::thread reader([&, writer = pthread_self()] {
    char piece[4096];
    while (const ssize_t count = read(ends[0], piece, sizeof(piece))) {
      got.append(piece, count);
      if (got.size() < text.size()) pthread_kill(writer, SIGUSR1);
    }
  });
  EXPECT_TRUE(WriteAll(ends[1], text).ok());
  close(ends[1]);
  reader.join();
  close(ends[0]);
  EXPECT_EQ(got, text);
}

TEST_F(FileTest, AFailedWriteIsAnError) {
  const int fd = open("/dev/null", O_RDONLY);
  EXPECT_EQ(WriteAll(fd, "x").message(), "Bad file descriptor");
  close(fd);
}

TEST_F(FileTest, IsReplacedWithNothingLeftBeside) {
  ASSERT_TRUE(ReplaceFile(path_, "old", 0600).ok());
  EXPECT_EQ(ModeOf(path_), 0600u);
  ASSERT_TRUE(ReplaceFile(path_, "new", 0640).ok());
  EXPECT_EQ(*ReadFile(path_, 3), "new");
  EXPECT_EQ(ModeOf(path_) & ~0640u, 0u);
  EXPECT_EQ(Entries(), 1u);
}

TEST_F(FileTest, TheRightsOfAnOldDraftDoNotCount) {
  std::ofstream(path_ + ".new") << "left by a crash";
  chmod((path_ + ".new").c_str(), 0666);
  ASSERT_TRUE(ReplaceFile(path_, "secret", 0600).ok());
  EXPECT_EQ(*ReadFile(path_, 6), "secret");
  EXPECT_EQ(ModeOf(path_), 0600u);
}

TEST_F(FileTest, StaysAsItWasIfItCannotBeReplaced) {
  EXPECT_EQ(ReplaceFile(folder_ + "/none/f", "x", 0600), absl::NotFoundError("No such file or directory"));
  fs::create_directory(path_);
  EXPECT_EQ(ReplaceFile(path_, "x", 0600).message(), "Is a directory");
  EXPECT_TRUE(fs::is_directory(path_));
  EXPECT_EQ(Entries(), 1u);
}

TEST_F(FileTest, ABareNameIsInTheCurrentFolder) {
  const fs::path before = fs::current_path();
  fs::current_path(folder_);
  EXPECT_TRUE(ReplaceFile("f", "x", 0600).ok());
  fs::current_path(before);
  EXPECT_EQ(*ReadFile(path_, 1), "x");
}

TEST_F(FileTest, AFolderThatCannotBeSyncedIsTakenAtItsWord) {
  for (const std::string& path : {folder_, std::string("/dev/null")}) {
    const int fd = open(path.c_str(), O_RDONLY);
    EXPECT_TRUE(SyncFolder(fd).ok()) << path;
    close(fd);
  }
}

}  // namespace
}  // namespace tokenbroker
