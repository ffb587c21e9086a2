#include "bulk/key_look_up.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

namespace tokenbroker::bulk {
namespace {

class KeyLookUpTest : public ::testing::Test {
 protected:
  KeyLookUpTest() {
    std::string path = ::testing::TempDir() + "/look-up-XXXXXX";
    path_ = mkdtemp(path.data());
    folder_ = open(path_.c_str(), O_RDONLY | O_DIRECTORY);
    OpenJournal();
  }
  ~KeyLookUpTest() override {
    close(folder_);
    std::filesystem::remove_all(path_);
  }

  void OpenJournal() {
    journal_.reset();
    journal_ = *Journal::Open({folder_, "journal"}, "input");
  }
  static v1::Settlement RowOf(const std::string& key) {
    v1::Settlement row;
    row.mutable_fail()->mutable_task()->mutable_key()->set_key(key);
    return row;
  }
  static void AddTask(v1::BatchGetTasksResponse& answer, const std::string& id) {
    answer.add_items()->mutable_task()->set_task_id(id);
  }
  static void AddError(v1::BatchGetTasksResponse& answer, v1::ErrorReason reason) {
    answer.add_items()->mutable_error()->set_reason(reason);
  }

  std::string path_;
  int folder_;
  std::unique_ptr<Journal> journal_;
};

TEST_F(KeyLookUpTest, AsksForKeysAlone) {
  v1::Settlement by_id;
  by_id.mutable_succeed()->mutable_task()->set_task_id("id-a");
  v1::Settlement by_key = RowOf("b");
  KeyLookUp keys(*journal_);
  keys.Add(1, by_id);
  EXPECT_TRUE(keys.done());
  keys.Add(2, by_key);
  ASSERT_EQ(keys.Question().tasks_size(), 1);
  EXPECT_EQ(keys.Question().tasks(0).key().key(), "b");
}

TEST_F(KeyLookUpTest, WhatWasNotJudgedIsAskedForAgain) {
  v1::Settlement a = RowOf("a"), b = RowOf("b"), c = RowOf("c"), d = RowOf("d");
  KeyLookUp keys(*journal_);
  uint64_t line = 0;
  for (v1::Settlement* row : {&a, &b, &c, &d}) keys.Add(++line, *row);
  v1::BatchGetTasksResponse answer;
  AddTask(answer, "id-a");
  AddError(answer, v1::ERROR_REASON_OVERLOADED);
  AddError(answer, v1::ERROR_REASON_TASK_UNKNOWN);
  ASSERT_EQ(keys.Question(3).tasks_size(), 3);
  const std::optional<v1::ItemError> again = keys.Take(answer);
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ(again->reason(), v1::ERROR_REASON_OVERLOADED);
  EXPECT_EQ(a.fail().task().task_id(), "id-a");
  EXPECT_EQ(c.fail().task().key().key(), "c");
  ASSERT_EQ(keys.Question().tasks_size(), 2);
  EXPECT_EQ(keys.Question().tasks(0).key().key(), "b");
  EXPECT_EQ(keys.Question().tasks(1).key().key(), "d");
  answer.Clear();
  AddTask(answer, "id-b");
  AddTask(answer, "id-d");
  EXPECT_FALSE(keys.Take(answer).has_value());
  EXPECT_TRUE(keys.done());
}

TEST_F(KeyLookUpTest, ALaterRunMeansTheSameTask) {
  {
    v1::Settlement row = RowOf("a");
    KeyLookUp keys(*journal_);
    keys.Add(1, row);
    v1::BatchGetTasksResponse answer;
    AddTask(answer, "id-a");
    keys.Take(answer);
    ASSERT_TRUE(journal_->Sync().ok());
  }
  OpenJournal();
  v1::Settlement row = RowOf("a");
  KeyLookUp keys(*journal_);
  keys.Add(1, row);
  EXPECT_TRUE(keys.done());
  EXPECT_EQ(row.fail().task().task_id(), "id-a");
}

}  // namespace
}  // namespace tokenbroker::bulk
