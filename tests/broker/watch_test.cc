// The stream of changes, and lists.
#include <gtest/gtest.h>

#include <functional>

#include "tests/testing/broker_harness.h"

namespace tokenbroker::broker {
namespace {

class WatchTest : public testing::Test {
 protected:
  std::string Told(Sequence after = 0, std::string_view name_space = "orders") {
    std::string told;
    for (const Change& change : broker_.Changes(after, name_space)) {
      static constexpr const char* kNames[] = {"issued", "progress", "deadline", "cancel", "ended"};
      told += std::string(kNames[static_cast<int>(change.kind)]) + " " + std::to_string(change.task->task) + "; ";
    }
    return told;
  }

  BrokerHarness broker_;
};

TEST_F(WatchTest, EveryChangeIsShownOnceAndInOrder) {
  const Issued task = broker_.Issue({.heartbeat_timeout = 5s});
  broker_.Issue({.name_space = "loans"});
  broker_.Beat(task, "1");
  broker_.Extend(task, 2h);
  broker_.Cancel(task, "", 1h);
  broker_.Succeed(task, "1");
  broker_.Succeed(task, "1");
  EXPECT_EQ(Told(), "issued 1; progress 1; deadline 1; cancel 1; ended 1; ");
  EXPECT_EQ(Told(0, "loans"), "issued 2; ");
}

TEST_F(WatchTest, AChangeShowsDeadlineAndCancellationAsItLeftThem) {
  const Issued task = broker_.Issue({.heartbeat_timeout = 1h});
  broker_.Beat(task, "1");
  broker_.Extend(task, 2h);
  broker_.Cancel(task, "", 1h);
  broker_.Advance(20min);
  broker_.Beat(task, "2");
  broker_.Cancel(task, "", 30min);
  broker_.Crash();
  broker_.Succeed(task, "1");
  std::vector<std::pair<TimeMs, bool>> seen;
  for (const Change& change : broker_.Changes()) {
    seen.push_back({(change.task->deadline - BrokerHarness::kStart) / 60'000, change.task->cancel_requested});
  }
  EXPECT_EQ(seen, (std::vector<std::pair<TimeMs, bool>>{
                      {60, false}, {60, false}, {120, false}, {60, true}, {60, true}, {50, true}, {50, true}}));
}

TEST_F(WatchTest, AReaderResumesBehindWhatItHasSeen) {
  const Issued task = broker_.Issue();
  const Sequence cursor = broker_.broker().committed();
  broker_.Succeed(task, "1");
  EXPECT_EQ(Told(cursor), "ended 1; ");
  broker_.Crash();
  EXPECT_EQ(Told(cursor), "ended 1; ") << "also after a crash";
  EXPECT_EQ(Told(broker_.broker().committed()), "");
}

TEST_F(WatchTest, ParkedOutcomesAreNobodysChange) {
  broker_.Succeed(Ref::Key("k"), "1");
  const Issued task = broker_.Issue({.correlation_key = "k"});
  EXPECT_EQ(Told(), "issued 2; ended 2; ");
  EXPECT_EQ(task.task, 2u);
}

TEST_F(WatchTest, AnAttemptIsSupersededBeforeItsSuccessorIsIssued) {
  broker_.Issue({.correlation_key = "k"});
  broker_.Issue({.correlation_key = "k", .attempt = 2});
  EXPECT_EQ(Told(), "issued 1; ended 1; issued 3; ");
}

TEST_F(WatchTest, WhoSleepsIsWokenByTheNextCommit) {
  const Issued task = broker_.Issue();
  int woken = 0;
  const Sequence cursor = broker_.broker().committed();
  broker_.broker().OnceBeyond(cursor - 1, [&] { ++woken; });
  EXPECT_EQ(woken, 1) << "something is there already";
  broker_.broker().OnceBeyond(cursor, [&] { ++woken; });
  broker_.Beat(task);
  EXPECT_EQ(woken, 1);
  broker_.Succeed(task, "1");
  EXPECT_EQ(woken, 2);
  broker_.Issue();
  EXPECT_EQ(woken, 2) << "once";
}

TEST_F(WatchTest, DrainingWakesWhoSleepsNowAndFromNowOn) {
  int woken = 0;
  broker_.broker().OnceBeyond(99, [&] { ++woken; });
  broker_.broker().BeginDrain();
  broker_.broker().OnceBeyond(99, [&] { ++woken; });
  EXPECT_EQ(woken, 2);
}

TEST_F(WatchTest, AListHasEveryTaskOnceWhateverThePageSize) {
  std::vector<Sequence> all;
  std::vector<Sequence> waiting;
  for (int i = 0; i < 20; ++i) {
    const Issued task = broker_.Issue();
    broker_.Issue({.name_space = "loans"});
    all.push_back(task.task);
    if (i % 3 == 0)
      broker_.Succeed(task, "1");
    else
      waiting.push_back(task.task);
  }
  for (size_t page_size : {1, 2, 3, 20, 100}) {
    EXPECT_EQ(broker_.List({}, "orders", page_size), all);
    EXPECT_EQ(broker_.List({.states = {TaskState::kWaiting}}, "orders", page_size), waiting);
  }
  broker_.Restart();
  EXPECT_EQ(broker_.List(), all);
}

// The state in memory is ahead of the disk while a group is being written.
TEST_F(WatchTest, AListNeverLacksATaskWhoseOutcomeIsBeingWritten) {
  struct Onlooker : Observer {
    void CommitStarts(size_t) override {
      if (look) look();
    }
    std::function<void()> look;
  } onlooker;
  broker_.observer = &onlooker;
  broker_.Open();
  const Issued task = broker_.Issue();
  std::vector<Sequence> all;
  std::vector<Sequence> ended;
  onlooker.look = [&] {
    all = broker_.List();
    ended = broker_.List({.states = {TaskState::kSucceeded, TaskState::kFailed}});
  };
  broker_.Succeed(task, "1");
  EXPECT_EQ(all, std::vector<Sequence>{task.task});
  EXPECT_EQ(ended, std::vector<Sequence>{}) << "nobody hears of an outcome that is not on disk";
}

TEST_F(WatchTest, AFilterHasToHoldInFull) {
  const Sequence a =
      broker_.Issue({.correlation_key = "order-1", .labels = {{"team", "a"}, {"prio", "1"}}, .target = "t"}).task;
  const Sequence b = broker_.Issue({.correlation_key = "order-2", .labels = {{"team", "b"}}}).task;
  broker_.Advance(10s);
  const Sequence c = broker_.Issue({.correlation_key = "invoice", .labels = {{"team", "a"}}}).task;
  EXPECT_EQ(broker_.List({.labels = {{"team", "a"}}}), (std::vector<Sequence>{a, c}));
  EXPECT_EQ(broker_.List({.labels = {{"team", "a"}, {"prio", "1"}}}), (std::vector<Sequence>{a}));
  EXPECT_EQ(broker_.List({.correlation_key_prefix = "order-"}), (std::vector<Sequence>{a, b}));
  EXPECT_EQ(broker_.List({.target = "t"}), (std::vector<Sequence>{a}));
  EXPECT_EQ(broker_.List({.min_age = 10'000}), (std::vector<Sequence>{a, b}));
  EXPECT_EQ(broker_.List({.max_age = 9'999}), (std::vector<Sequence>{c}));
  EXPECT_EQ(broker_.List({.states = {TaskState::kSucceeded, TaskState::kFailed}}), (std::vector<Sequence>{}));
}

}  // namespace
}  // namespace tokenbroker::broker
