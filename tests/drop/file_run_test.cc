#include "server/drop/file_run.h"

#include <fcntl.h>
#include <gmock/gmock.h>

#include "tests/bulk/text_lines.h"
#include "tests/drop/folder.h"

namespace tokenbroker::drop {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// The key K leads to the task id-K, once the refusals are used up; every outcome is accepted.
class ScriptedSettler : public Settler {
 public:
  v1::BatchGetTasksResponse FindTasks(const v1::BatchGetTasksRequest& keys) override {
    v1::BatchGetTasksResponse found;
    for (const v1::TaskRef& key : keys.tasks()) {
      v1::BatchGetTasksResponse::Item& item = *found.add_items();
      if (refusals.empty()) {
        item.mutable_task()->set_task_id("id-" + key.key().key());
      } else {
        item.mutable_error()->set_reason(refusals.back());
        item.mutable_error()->mutable_retry_after()->set_seconds(2);
        refusals.pop_back();
      }
    }
    return found;
  }
  void Settle(const Items& items, Results* results) override {
    results->Clear();
    for (const v1::Settlement& item : items) {
      const v1::TaskRef& task = item.succeed().task();
      settled.push_back(task.has_key() ? "key " + task.key().key() : task.task_id());
      results->Add()->set_verdict(v1::VERDICT_ACCEPTED);
    }
  }

  std::vector<v1::ErrorReason> refusals;
  std::vector<std::string> settled;
};

class FileRunTest : public ::testing::Test {
 protected:
  ~FileRunTest() override { close(folder_); }

  absl::StatusOr<Ending> Run(const std::string& text) {
    auto journal = bulk::Journal::Open({folder_, "journal"}, "input");
    if (!journal.ok()) return journal.status();
    bulk::TextLines lines(text);
    bulk::RowReader rows(lines, bulk::Format::kCsv, "orders");
    const FileRun::Pause pause = [this](DurationMs span) {
      pauses_.push_back(span);
      return !stopped_;
    };
    return FileRun({settler_, rows, **journal, bulk::Format::kCsv, metrics_, pause}).Run();
  }

  TestFolder files_;
  const int folder_ = open(files_.path().c_str(), O_RDONLY | O_DIRECTORY);
  MetricsRegistry registry_;
  BrokerMetrics metrics_{registry_};
  ScriptedSettler settler_;
  std::vector<DurationMs> pauses_;
  bool stopped_ = false;
};

TEST_F(FileRunTest, AKeyThatCouldNotBeLookedUpIsLookedUpAgain) {
  settler_.refusals = {v1::ERROR_REASON_INTERNAL, v1::ERROR_REASON_DRAINING, v1::ERROR_REASON_OVERLOADED};
  EXPECT_EQ(*Run("key,outcome\na,succeed\nb,succeed\n"), Ending::kDone);
  EXPECT_THAT(settler_.settled, ElementsAre("id-a", "id-b"));
  EXPECT_THAT(pauses_, ElementsAre(0, 2'000, 2'000, 0));
}

TEST_F(FileRunTest, AKeyThatLeadsToNoTaskIsSettledAsAKey) {
  settler_.refusals = {v1::ERROR_REASON_PERMISSION_DENIED, v1::ERROR_REASON_TASK_UNKNOWN};
  EXPECT_EQ(*Run("key,outcome\na,succeed\nb,succeed\nc,succeed\n"), Ending::kDone);
  EXPECT_THAT(settler_.settled, ElementsAre("key a", "key b", "id-c"));
}

TEST_F(FileRunTest, StoppedWhileItLooksUpItHasSettledNothing) {
  stopped_ = true;
  EXPECT_EQ(*Run("key,outcome\na,succeed\n"), Ending::kInterrupted);
  EXPECT_THAT(settler_.settled, IsEmpty());
}

}  // namespace
}  // namespace tokenbroker::drop
