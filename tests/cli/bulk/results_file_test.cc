#include "cli/bulk/results_file.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "cli/exit_code.h"
#include "cli/file.h"
#include "tests/cli/fake_broker.h"

namespace tokenbroker::cli {
namespace {

using ::testing::HasSubstr;

class ResultsFileTest : public ::testing::Test, protected CommandTest {
 protected:
  ResultsFileTest() {
    std::string path = ::testing::TempDir() + "/results-XXXXXX";
    folder_ = mkdtemp(path.data());
    std::ofstream(Path("in.jsonl")) << kRow;
    // A command that is refused has sent nothing: this broker takes no stream.
    broker.settle = []() -> std::unique_ptr<SettleStream> {
      ADD_FAILURE() << "a row was sent";
      return nullptr;
    };
  }
  ~ResultsFileTest() override { std::filesystem::remove_all(folder_); }

  std::string Path(const std::string& name) const { return folder_ + "/" + name; }
  int Bulk(const std::string& results, const std::string& input = "in.jsonl") {
    return Tokenctl({"bulk", Path(input), "--format", "jsonl", "--results", Path(results)});
  }
  mode_t TypeOf(const std::string& name) const {
    struct stat info {};
    lstat(Path(name).c_str(), &info);
    return info.st_mode & S_IFMT;
  }

  static constexpr char kRow[] = "{\"token\":\"tkA\",\"output\":1}\n";
  std::string folder_;
};

TEST_F(ResultsFileTest, TheInputIsNeverReplaced) {
  ASSERT_EQ(link(Path("in.jsonl").c_str(), Path("second-name").c_str()), 0);
  const std::string detour = "../" + folder_.substr(folder_.rfind('/') + 1) + "/in.jsonl";
  for (const std::string& results : {std::string("in.jsonl"), detour, std::string("second-name")}) {
    EXPECT_EQ(Bulk(results), kUsage) << results;
    EXPECT_THAT(err, HasSubstr("--results"));
    EXPECT_EQ(*ReadFile(Path("in.jsonl")), kRow);
  }
}

TEST_F(ResultsFileTest, TheJournalIsNeverPutIntoTheInput) {
  std::filesystem::rename(Path("in.jsonl"), Path("x.part"));
  EXPECT_EQ(Bulk("x", "x.part"), kUsage);
  EXPECT_EQ(*ReadFile(Path("x.part")), kRow);
}

TEST_F(ResultsFileTest, WhatIsNoFileStaysWhatItIs) {
  ASSERT_EQ(mkfifo(Path("fifo").c_str(), 0600), 0);
  ASSERT_EQ(mkfifo(Path("busy.part").c_str(), 0600), 0);
  ASSERT_EQ(symlink("elsewhere", Path("link").c_str()), 0);
  for (const std::string results : {"fifo", "busy", "link", ""}) {
    EXPECT_EQ(Bulk(results), kUsage) << results;
    EXPECT_THAT(err, HasSubstr("would be replaced"));
  }
  EXPECT_EQ(TypeOf("fifo"), static_cast<mode_t>(S_IFIFO));
  EXPECT_EQ(TypeOf("link"), static_cast<mode_t>(S_IFLNK));
}

TEST_F(ResultsFileTest, AnOlderFileIsReplaced) {
  std::ofstream(Path("old")) << "old";
  const int fd = open(Path("in.jsonl").c_str(), O_RDONLY | O_CLOEXEC);
  auto results = ResultsFile::Open(Path("old"), {fd, bulk::Format::kJsonLines, "default"});
  ASSERT_TRUE(results.ok()) << results.status();
  EXPECT_TRUE(results->Publish().ok());
  EXPECT_EQ(*ReadFile(Path("old")), "");
  close(fd);
}

}  // namespace
}  // namespace tokenbroker::cli
