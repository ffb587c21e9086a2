#include "server/drop/drop_folder.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>

#include "tests/drop/folder.h"

namespace tokenbroker::drop {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

class DropFolderTest : public ::testing::Test {
 protected:
  DropFolderTest() : folder_(*DropFolder::Open(files_.path())) {}

  absl::StatusOr<std::string> Take(const std::string& name) {
    return folder_->Take(name, folder_->List()->files.at(name));
  }
  std::vector<std::string> Listed() {
    std::vector<std::string> names;
    const auto listing = folder_->List();
    for (const auto& [name, stamp] : listing->files) names.push_back(name);
    return names;
  }

  TestFolder files_;
  std::unique_ptr<DropFolder> folder_;
};

TEST_F(DropFolderTest, ListsFilesThatSayTheyAreOutcomes) {
  for (const char* name :
       {"a.csv", "b.JSONL", "c.ndjson", ".d.csv", "e.csv.tmp", "f.csv.part", "g.txt", "h.results.csv"}) {
    files_.Put(name, "x");
  }
  EXPECT_THAT(Listed(), ElementsAre("a.csv", "b.JSONL", "c.ndjson"));
}

TEST_F(DropFolderTest, RefusesWhatIsNoRegularFile) {
  ASSERT_EQ(mkfifo(files_.At("fifo.csv").c_str(), 0600), 0);
  std::filesystem::create_symlink("/etc/passwd", files_.At("link.csv"));
  std::filesystem::create_directory(files_.At("folder.csv"));
  files_.Put("a\nb.csv", "");
  files_.Put(std::string(210, 'x') + ".csv", "");
  const auto listing = folder_->List();
  EXPECT_TRUE(listing->files.empty());
  EXPECT_EQ(listing->refused.size(), 5u);
  EXPECT_EQ(listing->refused.at("link.csv"), "is not a regular file");
}

TEST_F(DropFolderTest, TakingMovesTheFileOutOfReach) {
  files_.Put("a.csv", "x");
  EXPECT_EQ(*Take("a.csv"), "a.csv");
  EXPECT_FALSE(files_.Has("a.csv"));
  EXPECT_THAT(*folder_->Taken(), ElementsAre("a.csv"));
}

TEST_F(DropFolderTest, AFileThatIsOpenForWritingIsNotTaken) {
  files_.Put("a.csv", "x");
  const OpenFile writer(open(files_.At("a.csv").c_str(), O_WRONLY));
  const OpenFile probe(open(files_.At("a.csv").c_str(), O_RDONLY));
  if (fcntl(probe.fd(), F_SETLEASE, F_RDLCK) == 0 || errno != EAGAIN) GTEST_SKIP() << "no leases here";
  EXPECT_EQ(Take("a.csv").status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(files_.Has("a.csv"));
}

TEST_F(DropFolderTest, AFileThatChangedSinceItWasListedIsNotTaken) {
  files_.Put("a.csv", "x");
  const FileStamp before = folder_->List()->files.at("a.csv");
  files_.Put("a.csv", "xyz");
  EXPECT_EQ(folder_->Take("a.csv", before).status().code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(DropFolderTest, ANameThatWasThereBeforeGetsANumber) {
  for (const char* expected : {"a.csv", "a.2.csv", "a.3.csv"}) {
    files_.Put("a.csv", "x");
    EXPECT_EQ(*Take("a.csv"), expected);
    EXPECT_TRUE(folder_->PutAway(expected, std::string(expected) == "a.2.csv").ok());
  }
  EXPECT_THAT(files_.In("done"), ElementsAre("a.3.csv", "a.csv"));
  EXPECT_THAT(files_.In("failed"), ElementsAre("a.2.csv"));
}

TEST_F(DropFolderTest, IsForOneBrokerOnly) {
  EXPECT_EQ(DropFolder::Open(files_.path()).status().code(), absl::StatusCode::kAborted);
}

TEST_F(DropFolderTest, FoldersInsideThatLeadElsewhereAreRefused) {
  TestFolder other;
  std::filesystem::create_symlink("/tmp", other.At("done"));
  EXPECT_EQ(DropFolder::Open(other.path()).status().code(), absl::StatusCode::kUnavailable);
}

}  // namespace
}  // namespace tokenbroker::drop
