// Sixteen callers race with different outcomes for the same tasks, and repeat themselves: one wins, and everybody hears
// the same story.
//
//   TB_SCALE=100 broker_test --gtest_filter=RacingResolves.*     that many times 10^5 calls
#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <random>
#include <thread>

#include "base/system_clock.h"
#include "tests/testing/broker_harness.h"

namespace tokenbroker::broker {
namespace {

// Calls that a thread waits for.
template <typename Op>
class Waited : public Submission {
 public:
  Waited() : Submission(1) {
    op.submission = this;
    op.principal = &Anybody();
  }
  void Wait() {
    std::unique_lock lock(mutex_);
    done_.wait(lock, [this] { return answered_; });
  }
  Op op;

 private:
  void Done() override {
    std::lock_guard lock(mutex_);
    answered_ = true;
    done_.notify_one();
  }
  std::mutex mutex_;
  std::condition_variable done_;
  bool answered_ = false;
};

class RunningBroker {
 public:
  RunningBroker() {
    Broker::Options options;
    options.checkpoint.entries = 5000;
    options.retention = {.resolved = 3'600'000, .hold_after = 10};
    broker_ = *Broker::Open(options, {store_, codec_, clock_, executor_, executor_, background_, observer_,
                                      [](absl::Status status) { FAIL() << status; }});
    broker_->Start();
  }
  ~RunningBroker() { broker_->StopCommitter(); }
  Broker* operator->() { return broker_.get(); }

 private:
  storage::MemoryStore store_;
  TokenCodec codec_{TestKeys()};
  SystemClock clock_;
  Observer observer_;
  std::unique_ptr<Broker> broker_;
  ThreadPool executor_{2};
  ThreadPool background_{1};
};

struct Race {
  std::string token;
  int outcomes = 2;
  std::atomic<int> accepted{0};
  // The outcome that won, once somebody was told; -1 before.
  std::atomic<int> winner{-1};
  std::atomic<bool> contradiction{false};

  void Learn(int outcome) {
    int before = -1;
    if (!winner.compare_exchange_strong(before, outcome) && before != outcome) contradiction = true;
  }
};

void SettleOnce(RunningBroker& broker, Race& race, int outcome) {
  const std::string cause = std::to_string(outcome);
  Waited<ResolveOperation> call;
  call.op.address = broker->AddressOfToken(race.token);
  call.op.state = TaskState::kFailed;
  call.op.error = "E";
  call.op.cause = cause;
  broker->Submit(call.op);
  call.Wait();
  switch (call.op.verdict) {
    case Verdict::kAccepted:
      ++race.accepted;
      return race.Learn(outcome);
    case Verdict::kReplayed:
      return race.Learn(outcome);
    case Verdict::kConflict:
      return race.Learn(std::stoi(call.op.recorded->cause));
    default:
      race.contradiction = true;
  }
}

TEST(RacingResolves, ExactlyOneOutcomeWinsAndEverybodyHearsOfTheSame) {
  constexpr int kThreads = 16;
  const char* scale = std::getenv("TB_SCALE");
  const int races_count = 2'500 * (scale == nullptr ? 1 : std::stoi(scale));
  RunningBroker broker;
  std::mt19937 random(1);
  std::vector<Race> races(races_count);
  for (Race& race : races) {
    Waited<IssueOperation> issue;
    issue.op.request = {.name_space = "orders", .timeout = 3'600'000};
    broker->Submit(issue.op);
    issue.Wait();
    race.token = broker->TokenOf(issue.op.task);
    race.outcomes = 2 + static_cast<int>(random() % 7);
  }
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      std::mt19937 choice(thread);
      for (Race& race : races) {
        const int outcome = static_cast<int>(choice() % race.outcomes);
        SettleOnce(broker, race, outcome);
        if (choice() % 2 == 0) SettleOnce(broker, race, outcome);  // the answer got lost
        SettleOnce(broker, race, static_cast<int>(choice() % race.outcomes));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const Race& race : races) {
    ASSERT_EQ(race.accepted.load(), 1);
    ASSERT_FALSE(race.contradiction.load());
  }
}

TEST(RacingResolves, AListNeverLacksATaskThatIsThereThroughout) {
  RunningBroker broker;
  std::vector<std::string> tokens;
  for (int i = 0; i < 300; ++i) {
    Waited<IssueOperation> issue;
    issue.op.request = {.name_space = "orders", .timeout = 3'600'000};
    broker->Submit(issue.op);
    issue.Wait();
    tokens.push_back(broker->TokenOf(issue.op.task));
  }
  std::atomic<bool> stop{false};
  std::atomic<int> short_lists{0};
  std::thread reader([&] {
    while (!stop) {
      size_t count = 0;
      Sequence from = 0;
      do {
        absl::StatusOr<Candidates> candidates = broker->TaskCandidates({}, from);
        ASSERT_TRUE(candidates.ok()) << candidates.status();
        const auto page = broker->List("orders", {}, *candidates, 50);
        ASSERT_TRUE(page.ok()) << page.status();
        count += page->size();
        from = candidates->next();
      } while (from != 0);
      if (count != tokens.size()) ++short_lists;
    }
  });
  for (const std::string& token : tokens) {
    Waited<ResolveOperation> call;
    call.op.address = broker->AddressOfToken(token);
    call.op.output = "1";
    broker->Submit(call.op);
    call.Wait();
  }
  stop = true;
  reader.join();
  EXPECT_EQ(short_lists.load(), 0);
}

// A watcher sleeps until something happens, thousands of times: no wake-up is lost.
TEST(RacingResolves, NoWakeUpOfAWatcherIsLost) {
  RunningBroker broker;
  constexpr Sequence kChanges = 5'000;
  std::mutex mutex;
  std::condition_variable woken;
  std::thread watcher([&] {
    Sequence cursor = 0;
    while (cursor < kChanges) {
      bool awake = false;
      broker->OnceBeyond(cursor, [&] {
        std::lock_guard lock(mutex);
        awake = true;
        woken.notify_one();
      });
      std::unique_lock lock(mutex);
      woken.wait(lock, [&] { return awake; });
      ASSERT_GT(broker->committed(), cursor);
      cursor = broker->committed();
    }
  });
  for (Sequence i = 0; i < kChanges; ++i) {
    Waited<IssueOperation> issue;
    issue.op.request = {.name_space = "orders", .timeout = 3'600'000};
    broker->Submit(issue.op);
    issue.Wait();
  }
  watcher.join();
}

}  // namespace
}  // namespace tokenbroker::broker
