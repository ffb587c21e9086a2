#include "bulk/journal.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace tokenbroker::bulk {
namespace {

class JournalTest : public ::testing::Test {
 protected:
  JournalTest() {
    std::string path = ::testing::TempDir() + "/journal-XXXXXX";
    path_ = mkdtemp(path.data());
    folder_ = open(path_.c_str(), O_RDONLY | O_DIRECTORY);
    Open();
  }
  ~JournalTest() override {
    close(folder_);
    std::filesystem::remove_all(path_);
  }

  void Open(const std::string& identity = "input") {
    journal_.reset();
    auto journal = Journal::Open({folder_, "journal"}, identity);
    ASSERT_TRUE(journal.ok()) << journal.status();
    journal_ = *std::move(journal);
  }
  void Judge(uint64_t line, v1::Verdict verdict = v1::VERDICT_ACCEPTED) {
    journal_->AddVerdict(line, verdict, "text of " + std::to_string(line));
  }
  std::string Read(const std::string& name) {
    std::stringstream text;
    text << std::ifstream(path_ + "/" + name).rdbuf();
    return text.str();
  }
  void Append(const std::string& text) { std::ofstream(path_ + "/journal", std::ios::app) << text; }

  std::string path_;
  int folder_;
  std::unique_ptr<Journal> journal_;
};

TEST_F(JournalTest, ALaterRunGoesOnWhereTheFirstWasKilled) {
  EXPECT_FALSE(journal_->resumed());
  journal_->AddTask(2, "two");
  journal_->AddTask(5, "five");
  Judge(2);
  Judge(3, v1::VERDICT_CONFLICT);
  ASSERT_TRUE(journal_->Sync().ok());
  Judge(4);  // never synced
  Open();
  EXPECT_TRUE(journal_->resumed());
  EXPECT_EQ(journal_->last_line(), 3u);
  EXPECT_EQ(journal_->counts()[v1::VERDICT_CONFLICT], 1u);
  EXPECT_EQ(journal_->first_refusal(), v1::VERDICT_CONFLICT);
  EXPECT_EQ(journal_->TaskOf(5), "five");
  EXPECT_EQ(journal_->TaskOf(2), "") << "it has its verdict";
}

TEST_F(JournalTest, WhatWasCutOffIsWrittenAnew) {
  Judge(1);
  ASSERT_TRUE(journal_->Sync().ok());
  for (const char* torn :
       {"= 2 1 tex", "= 2", "\n", "= 1 1 again\n= 3 1 x\n", "= x 1 y\n", "= 2 99 y\n", "? 2 1 y\n"}) {
    Append(torn);
    Open();
    EXPECT_EQ(journal_->last_line(), 1u) << torn;
  }
  Judge(2);
  ASSERT_TRUE(journal_->Publish({folder_, "results"}, "").ok());
  EXPECT_EQ(Read("results"), "text of 1\ntext of 2\n");
}

// After a sync that failed, bytes may be readable that are on no disk.
TEST_F(JournalTest, ALaterRunGoesOnInAFileOfItsOwn) {
  Judge(1);
  ASSERT_TRUE(journal_->Sync().ok());
  const std::string good = Read("journal");
  Append("= 2 1 cut off");
  const std::string kept = path_ + "/kept";
  std::filesystem::create_hard_link(path_ + "/journal", kept);
  Open();
  EXPECT_EQ(Read("journal"), good);
  EXPECT_FALSE(std::filesystem::equivalent(path_ + "/journal", kept));
  EXPECT_FALSE(std::filesystem::exists(path_ + "/journal.new"));
  Judge(2);
  ASSERT_TRUE(journal_->Sync().ok());
  EXPECT_EQ(Read("journal"), good + "= 2 1 text of 2\n");
}

TEST_F(JournalTest, AnotherInputBeginsAnew) {
  Judge(1);
  ASSERT_TRUE(journal_->Sync().ok());
  Open("another");
  EXPECT_FALSE(journal_->resumed());
  EXPECT_EQ(journal_->last_line(), 0u);
  EXPECT_EQ(journal_->counts()[v1::VERDICT_ACCEPTED], 0u);
}

TEST_F(JournalTest, PublishesTheVerdictsUnderAHeader) {
  journal_->AddTask(2, "two");
  Judge(2);
  Judge(9);
  ASSERT_TRUE(journal_->Publish({folder_, "results"}, "header").ok());
  EXPECT_EQ(Read("results"), "header\ntext of 2\ntext of 9\n");
  ASSERT_TRUE(journal_->Remove().ok());
  EXPECT_FALSE(std::filesystem::exists(path_ + "/journal"));
}

TEST_F(JournalTest, TwoRunsAtOnceAreRefused) {
  EXPECT_EQ(Journal::Open({folder_, "journal"}, "input").status().code(), absl::StatusCode::kAborted);
  Open();
  EXPECT_EQ(Journal::Open({folder_, "journal"}, "input").status().code(), absl::StatusCode::kAborted);
}

}  // namespace
}  // namespace tokenbroker::bulk
