#include "cli/watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>

#include "cli/exit_code.h"
#include "cli/file.h"
#include "tests/cli/fake_broker.h"

namespace tokenbroker::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

v1::WatchTasksResponse Change(const std::string& cursor) {
  v1::WatchTasksResponse change;
  change.set_kind(v1::WatchTasksResponse::KIND_ISSUED);
  change.set_cursor(cursor);
  return change;
}

class ScriptedWatch : public WatchStream {
 public:
  ScriptedWatch(std::vector<std::string> cursors, absl::Status end)
      : cursors_(std::move(cursors)), end_(std::move(end)) {}
  absl::StatusOr<v1::WatchTasksResponse> Read() override {
    if (next_ == cursors_.size()) return end_;
    return Change(cursors_[next_++]);
  }

 private:
  std::vector<std::string> cursors_;
  absl::Status end_;
  size_t next_ = 0;
};

class WatchTest : public ::testing::Test, protected CommandTest {
 protected:
  WatchTest() {
    broker.list = [](const v1::ListTasksRequest&, DurationMs) -> absl::StatusOr<v1::ListTasksResponse> {
      v1::ListTasksResponse page;
      page.set_watch_cursor("now");
      return page;
    };
    broker.watch = [this](const v1::WatchTasksRequest& request) {
      asked_.push_back(request.cursor());
      auto stream = std::move(streams_.front());
      streams_.pop_front();
      return stream;
    };
  }

  ~WatchTest() override { std::remove(cursor_file_.c_str()); }

  void Stream(std::vector<std::string> cursors, absl::Status end) {
    streams_.push_back(std::make_unique<ScriptedWatch>(std::move(cursors), std::move(end)));
  }

  absl::Status Follow(const std::string& cursor = "") {
    WatchOptions options;
    options.request.set_cursor(cursor);
    return FollowChanges(broker, options, waiter, FixedRandom(), remarks_,
                         [this](const v1::WatchTasksResponse& change) {
                           seen_.push_back(change.cursor());
                           return absl::OkStatus();
                         });
  }

  int Watch() { return Tokenctl({"watch", "--cursor-file", cursor_file_}); }
  std::string Cursor() { return ReadFile(cursor_file_).value_or(""); }

  const std::string cursor_file_ = ::testing::TempDir() + "watch-" + std::to_string(getpid()) + ".cursor";
  std::ostringstream remarks_;
  std::deque<std::unique_ptr<WatchStream>> streams_;
  std::vector<std::string> asked_;
  std::vector<std::string> seen_;
};

const absl::Status kTooOld = Refusal(absl::StatusCode::kOutOfRange, v1::ERROR_REASON_CURSOR_EXPIRED);

TEST_F(WatchTest, ResumesAfterTheLastChange) {
  Stream({"1", "2"}, Away());
  Stream({}, Away());
  Stream({"3"}, kTooOld);
  EXPECT_EQ(Follow("0"), kTooOld);
  EXPECT_THAT(asked_, ElementsAre("0", "2", "2"));
  EXPECT_THAT(seen_, ElementsAre("0", "1", "2", "3"));
}

TEST_F(WatchTest, AStreamThatBreaksBeforeItsFirstChangeLeavesNoGap) {
  Stream({}, Away());
  Stream({}, kTooOld);
  EXPECT_EQ(Follow(), kTooOld);
  EXPECT_THAT(asked_, ElementsAre("now", "now"));
  EXPECT_THAT(seen_, ElementsAre("now"));
}

TEST_F(WatchTest, TheCursorFileIsWrittenBeforeTheFirstChange) {
  Stream({}, kTooOld);
  EXPECT_EQ(Watch(), kUsage);
  EXPECT_EQ(Cursor(), "now\n");
  Stream({"1", "2"}, kTooOld);
  Watch();
  EXPECT_EQ(asked_.back(), "now");
  EXPECT_EQ(Cursor(), "2\n");
}

TEST_F(WatchTest, TheCursorFileStaysBeforeAChangeThatCouldNotBePrinted) {
  output_is_full = true;
  Stream({"1", "2"}, kTooOld);
  EXPECT_EQ(Watch(), kInternal);
  EXPECT_THAT(err, HasSubstr("standard output cannot be written"));
  EXPECT_EQ(Cursor(), "now\n");
}

TEST_F(WatchTest, ACursorFileIsNeverPutInThePlaceOfWhatIsNoFile) {
  ASSERT_EQ(mkfifo(cursor_file_.c_str(), 0600), 0);
  EXPECT_EQ(Watch(), kUsage);
  EXPECT_THAT(err, HasSubstr("would be replaced"));
  EXPECT_FALSE(ReplaceFile(cursor_file_, "1").ok());
  std::remove(cursor_file_.c_str());
  ASSERT_EQ(symlink("elsewhere", cursor_file_.c_str()), 0);
  EXPECT_FALSE(ReplaceFile(cursor_file_, "1").ok());
}

TEST_F(WatchTest, AnAbsentBrokerIsReportedSoon) {
  broker.list = [](const v1::ListTasksRequest&, DurationMs) -> absl::StatusOr<v1::ListTasksResponse> { return Away(); };
  EXPECT_EQ(Follow(), Away());
}

}  // namespace
}  // namespace tokenbroker::cli
