#include "cli/bulk/bulk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/exit_code.h"
#include "tests/cli/fake_broker.h"

namespace tokenbroker::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class Lines : public LineSource {
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
      for (const auto& item : batch.items()) *answer.add_items() = test_.Judge(item.succeed().task().key().key());
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
    Bulk bulk(broker_, options, waiter_, FixedRandom(), out_);
    Lines source(std::move(lines));
    const auto code = bulk.Run(source);
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

}  // namespace
}  // namespace tokenbroker::cli
