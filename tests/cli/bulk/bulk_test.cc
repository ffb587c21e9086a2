#include "cli/bulk/bulk.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "cli/exit_code.h"
#include "tests/cli/fake_broker.h"

namespace tokenbroker::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class Folder {
 public:
  Folder() {
    std::string path = ::testing::TempDir() + "/bulk-XXXXXX";
    path_ = mkdtemp(path.data());
    fd_ = open(path_.c_str(), O_RDONLY | O_DIRECTORY);
  }
  ~Folder() {
    close(fd_);
    std::filesystem::remove_all(path_);
  }
  int fd() const { return fd_; }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
  int fd_;
};

class Lines : public bulk::LineSource {
 public:
  explicit Lines(std::vector<std::string> lines) : lines_(std::move(lines)) {}
  absl::StatusOr<Next> Read(std::string& line, bool) override {
    if (next_ == lines_.size()) return Next::kEnd;
    line = lines_[next_++];
    return Next::kLine;
  }

 private:
  std::vector<std::string> lines_;
  size_t next_ = 0;
};

// Judges each item by its key, which is the test's wish: "accept", "expired", "overloaded"... A stream breaks after
// as many answers as the test says.
class BulkTest : public ::testing::Test {
 protected:
  class Stream : public SettleStream {
   public:
    Stream(BulkTest& test, int answers) : test_(test), answers_left_(answers) {}
    bool Write(const v1::SettleStreamRequest& batch) override {
      unanswered_.push_back(batch);
      test_.in_flight_max_ = std::max(test_.in_flight_max_, unanswered_.size());
      test_.sent_ += batch.items_size();
      return true;
    }
    absl::StatusOr<v1::SettleStreamResponse> Read(DurationMs) override {
      if (answers_left_-- == 0) return Away();
      const v1::SettleStreamRequest batch = unanswered_.front();
      unanswered_.pop_front();
      v1::SettleStreamResponse answer;
      answer.set_batch_id(batch.batch_id());
      for (const auto& item : batch.items()) {
        const v1::TaskRef& task = item.succeed().task();
        test_.settled_.push_back(task.has_key() ? task.key().key() : task.task_id());
        *answer.add_items() = test_.Judge(task.key().key());
      }
      return answer;
    }

   private:
    BulkTest& test_;
    int answers_left_;
    std::deque<v1::SettleStreamRequest> unanswered_;
  };

  v1::SettlementResult Judge(const std::string& wish) {
    v1::SettlementResult result;
    result.set_verdict(v1::VERDICT_ACCEPTED);
    result.set_task_id("id-" + wish);
    if (wish == "expired") result.set_verdict(v1::VERDICT_EXPIRED);
    if (wish == "full") {
      result.set_verdict(v1::VERDICT_REFUSED);
      result.mutable_error()->set_code(8);
      result.mutable_error()->set_reason(v1::ERROR_REASON_NAMESPACE_LIMIT);
      result.mutable_error()->mutable_retry_after()->set_seconds(2);
    }
    if (wish == "overloaded" && overloads_-- > 0) {
      result.set_verdict(v1::VERDICT_REFUSED);
      result.mutable_error()->set_code(8);
      result.mutable_error()->set_reason(v1::ERROR_REASON_OVERLOADED);
      result.mutable_error()->mutable_retry_after()->set_seconds(2);
    }
    return result;
  }

  absl::StatusOr<int> Settle(std::vector<std::string> lines) {
    broker_.settle = [this] {
      const int answers = answers_per_stream_.empty() ? 1000 : answers_per_stream_.front();
      if (!answers_per_stream_.empty()) answers_per_stream_.erase(answers_per_stream_.begin());
      return std::make_unique<Stream>(*this, answers);
    };
    BulkOptions options;
    options.batch_items = 2;
    options.batches_in_flight = 3;
    Bulk bulk(broker_, options, waiter_, FixedRandom(), out_, journal_.get());
    Lines source(std::move(lines));
    bulk::RowReader rows(source, bulk::Format::kJsonLines, "ns");
    const auto code = bulk.Run(rows);
    first_unsettled_ = bulk.first_unsettled_line();
    return code;
  }

  static std::string Line(const std::string& wish) { return R"({"key":")" + wish + R"(","output":1})"; }

  std::vector<std::string> Output() {
    std::vector<std::string> lines;
    std::istringstream text(out_.str());
    for (std::string line; std::getline(text, line);) lines.push_back(line);
    return lines;
  }

  // Keys lead to the task "id-" + key, but for "new", which has none.
  void OpenJournal() {
    broker_.batch_get = [this](const v1::BatchGetTasksRequest& request,
                               DurationMs) -> absl::StatusOr<v1::BatchGetTasksResponse> {
      v1::BatchGetTasksResponse response;
      for (const v1::TaskRef& task : request.tasks()) {
        ++looked_up_;
        auto* item = response.add_items();
        if (!look_up_refusals_.empty()) {
          item->mutable_error()->set_reason(look_up_refusals_.back());
          item->mutable_error()->mutable_retry_after()->set_seconds(1);
          look_up_refusals_.pop_back();
        } else if (task.key().key() == "new") {
          item->mutable_error()->set_reason(v1::ERROR_REASON_TASK_UNKNOWN);
        } else {
          item->mutable_task()->set_task_id(tasks_ + task.key().key());
        }
      }
      return response;
    };
    journal_.reset();
    journal_ = *bulk::Journal::Open({folder_.fd(), "journal"}, "input");
  }
  std::string Results() {
    EXPECT_TRUE(journal_->Publish({folder_.fd(), "results"}, "").ok());
    std::stringstream text;
    text << std::ifstream(folder_.path() + "/results").rdbuf();
    return text.str();
  }

  Folder folder_;
  std::unique_ptr<bulk::Journal> journal_;
  std::string tasks_ = "id-";
  int looked_up_ = 0;
  std::vector<v1::ErrorReason> look_up_refusals_;
  std::vector<std::string> settled_;
  FakeBroker broker_;
  ManualWaiter waiter_;
  std::ostringstream out_;
  std::vector<int> answers_per_stream_;
  int overloads_ = 0;
  size_t in_flight_max_ = 0;
  int sent_ = 0;
  uint64_t first_unsettled_ = 0;
};

TEST_F(BulkTest, PrintsAVerdictPerLineInOrder) {
  EXPECT_EQ(*Settle({Line("a"), "nonsense", "", Line("expired"), Line("b")}), kUsage);
  EXPECT_THAT(Output(), ElementsAre(R"({"line":1,"verdict":"ACCEPTED","task_id":"id-a"})",
                                    HasSubstr(R"({"line":2,"verdict":"REFUSED","error":{"code":"INVALID_ARGUMENT")"),
                                    HasSubstr(R"({"line":4,"verdict":"EXPIRED")"),
                                    R"({"line":5,"verdict":"ACCEPTED","task_id":"id-b"})"));
}

TEST_F(BulkTest, KeepsABoundOnWhatIsUnanswered) {
  EXPECT_EQ(*Settle(std::vector<std::string>(100, Line("a"))), 0);
  EXPECT_EQ(Output().size(), 100u);
  EXPECT_EQ(in_flight_max_, 3u);
}

TEST_F(BulkTest, SendsUnansweredBatchesAgainAfterABreak) {
  answers_per_stream_ = {1, 0, 1000};
  EXPECT_EQ(*Settle(std::vector<std::string>(10, Line("a"))), 0);
  EXPECT_EQ(Output().size(), 10u);
  EXPECT_GT(sent_, 10);
}

TEST_F(BulkTest, SendsOverloadedItemsAgainAndKeepsTheOrder) {
  overloads_ = 2;
  EXPECT_EQ(*Settle({Line("overloaded"), Line("b"), Line("c")}), 0);
  EXPECT_THAT(Output(), ElementsAre(HasSubstr("\"line\":1,\"verdict\":\"ACCEPTED\""), HasSubstr("\"line\":2"),
                                    HasSubstr("\"line\":3")));
  EXPECT_THAT(waiter_.waits, ElementsAre(2'000, 2'000));
}

TEST_F(BulkTest, OverloadWithoutEndIsAVerdictInTheEnd) {
  overloads_ = 1'000'000;
  EXPECT_EQ(*Settle({Line("overloaded")}), kUnavailable);
  EXPECT_THAT(Output(), ElementsAre(HasSubstr("OVERLOADED")));
}

TEST_F(BulkTest, OverloadWithoutEndIsWaitedOutOnlyOnce) {
  overloads_ = 1'000'000;
  EXPECT_EQ(*Settle(std::vector<std::string>(20, Line("overloaded"))), kUnavailable);
  EXPECT_EQ(Output().size(), 20u);
  EXPECT_LE(waiter_.Now(), 1'000'000 + 70'000);
}

TEST_F(BulkTest, AFullNamespaceIsAVerdictAtOnce) {
  EXPECT_EQ(*Settle({Line("full"), Line("a")}), kUnavailable);
  EXPECT_EQ(Output().size(), 2u);
  EXPECT_TRUE(waiter_.waits.empty());
}

TEST_F(BulkTest, ABrokerThatStaysAwayIsReportedWithTheLineToResumeFrom) {
  answers_per_stream_.assign(1000, 0);
  answers_per_stream_[0] = 1;
  EXPECT_EQ(Settle(std::vector<std::string>(10, Line("a"))).status(), Away());
  EXPECT_EQ(Output().size(), 2u);
  EXPECT_EQ(first_unsettled_, 3u);
}

TEST_F(BulkTest, VerdictsThatCannotBeWrittenEndTheRunBeforeTheirLines) {
  out_.setstate(std::ios::badbit);
  EXPECT_TRUE(absl::IsInternal(Settle({Line("a"), Line("b"), Line("c")}).status()));
  EXPECT_EQ(first_unsettled_, 1u);
}

TEST_F(BulkTest, WithAJournalKeysBecomeTasksBeforeTheyAreSent) {
  OpenJournal();
  EXPECT_EQ(*Settle({Line("a"), Line("new")}), 0);
  EXPECT_THAT(settled_, ElementsAre("id-a", "new"));
  EXPECT_TRUE(out_.str().empty());
  EXPECT_EQ(Results(),
            "{\"line\":1,\"verdict\":\"ACCEPTED\",\"task_id\":\"id-\"}\n"
            "{\"line\":2,\"verdict\":\"ACCEPTED\",\"task_id\":\"id-new\"}\n");
}

TEST_F(BulkTest, AKeyThatCouldNotBeLookedUpIsLookedUpAgain) {
  OpenJournal();
  look_up_refusals_ = {v1::ERROR_REASON_INTERNAL, v1::ERROR_REASON_DRAINING, v1::ERROR_REASON_OVERLOADED};
  EXPECT_EQ(*Settle({Line("a"), Line("b")}), 0);
  EXPECT_THAT(settled_, ElementsAre("id-a", "id-b"));
  EXPECT_THAT(waiter_.waits, ElementsAre(1'000, 1'000));
}

TEST_F(BulkTest, NothingIsSettledByKeyWhileKeysCannotBeLookedUp) {
  OpenJournal();
  look_up_refusals_.assign(1'000, v1::ERROR_REASON_OVERLOADED);
  EXPECT_TRUE(absl::IsUnavailable(Settle({Line("a")}).status()));
  EXPECT_TRUE(settled_.empty());
}

TEST_F(BulkTest, ALaterRunSendsOnlyWhatHasNoVerdictAndToTheSameTasks) {
  OpenJournal();
  answers_per_stream_ = {1};
  answers_per_stream_.resize(1000);
  EXPECT_EQ(Settle({Line("a"), Line("b"), Line("c"), Line("d")}).status(), Away());
  EXPECT_THAT(settled_, ElementsAre("id-a", "id-b"));
  OpenJournal();
  answers_per_stream_.clear();
  tasks_ = "newer-";
  looked_up_ = 0;
  EXPECT_EQ(*Settle({Line("a"), Line("b"), Line("c"), Line("d"), Line("e")}), 0);
  EXPECT_THAT(settled_, ElementsAre("id-a", "id-b", "id-c", "id-d", "newer-e"));
  EXPECT_EQ(looked_up_, 1);
}

TEST_F(BulkTest, ALaterRunKnowsThatALineWasRefused) {
  OpenJournal();
  EXPECT_EQ(*Settle({"nonsense"}), kUsage);
  OpenJournal();
  EXPECT_EQ(*Settle({"nonsense", Line("a")}), kUsage);
  EXPECT_THAT(settled_, ElementsAre("id-a"));
}

}  // namespace
}  // namespace tokenbroker::cli
