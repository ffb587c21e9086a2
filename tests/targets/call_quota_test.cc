// P11 on a clock that stands still until it is told otherwise: never above the bucket in any window, at least 0.98 of
// what is allowed, nothing lost.
#include "server/targets/call_quota.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <functional>
#include <iostream>
#include <random>
#include <vector>

#include "server/targets/quota_book.h"

namespace tokenbroker::targets {
namespace {

constexpr TimeMs kStart = 1'000'000;

class CallQuotaTest : public testing::Test {
 protected:
  ManualClock clock_{kStart};
  outbound::ManualTimers timers_{clock_};
};

TEST_F(CallQuotaTest, LetsABurstGoAtOnceAndTheRestInOrder) {
  CallQuota quota({3, 10}, clock_, timers_);
  std::vector<int> gone;
  for (int i = 0; i < 6; ++i) EXPECT_EQ(quota.Take(10'000, [&gone, i] { gone.push_back(i); }), 0);
  EXPECT_EQ(gone, (std::vector<int>{0, 1, 2}));
  EXPECT_EQ(quota.waiting(), 3u);
  timers_.Advance(99);
  EXPECT_EQ(gone.size(), 3u);
  timers_.Advance(1);
  EXPECT_EQ(gone, (std::vector<int>{0, 1, 2, 3}));
  timers_.Advance(200);
  EXPECT_EQ(gone, (std::vector<int>{0, 1, 2, 3, 4, 5}));
  EXPECT_EQ(timers_.size(), 0u);
}

TEST_F(CallQuotaTest, KeepsNobodyWhoWouldWaitForTooLong) {
  CallQuota quota({1, 10}, clock_, timers_);
  bool gone = false;
  EXPECT_EQ(quota.Take(0, [] {}), 0);
  EXPECT_EQ(quota.Take(99, [&] { gone = true; }), 100);
  timers_.Advance(10'000);
  EXPECT_FALSE(gone);
}

TEST_F(CallQuotaTest, IsBounded) {
  CallQuota quota({1, 1'000}, clock_, timers_);
  for (size_t i = 0; i <= CallQuota::kMaxWaiting; ++i) EXPECT_EQ(quota.Take(1'000'000, [] {}), 0);
  EXPECT_GT(quota.Take(1'000'000, [] {}), 0);
}

TEST_F(CallQuotaTest, WhoWaitsIsDroppedWithIt) {
  bool gone = false;
  {
    CallQuota quota({1, 1}, clock_, timers_);
    quota.Take(0, [] {});
    quota.Take(10'000, [&] { gone = true; });
  }
  timers_.Advance(10'000);
  EXPECT_FALSE(gone);
}

TEST_F(CallQuotaTest, ShrinksOnceASecondAndGrowsBackToWhatIsPublished) {
  CallQuota quota({1'000, 100}, clock_, timers_);
  timers_.Advance(1'000);
  for (int i = 0; i < 50; ++i) quota.OnAnswer(true);
  EXPECT_EQ(quota.rate(), 80);
  EXPECT_EQ(quota.available(), 0);
  for (int i = 0; i < 100; ++i) {
    timers_.Advance(1'000);
    quota.OnAnswer(true);
  }
  EXPECT_EQ(quota.rate(), 10);
  for (int i = 0; i < 100; ++i) {
    timers_.Advance(1'000);
    quota.OnAnswer(false);
  }
  EXPECT_EQ(quota.rate(), 100);
}

TEST(PublishedQuota, IsLargerInThreeRegions) {
  EXPECT_EQ(PublishedQuota("eu-west-1").per_second, 500);
  EXPECT_EQ(PublishedQuota("us-east-1").burst, 3'000);
  EXPECT_EQ(PublishedQuota("eu-central-1").per_second, 300);
  EXPECT_EQ(PublishedQuota("eu-central-1").burst, 1'500);
}

TEST(QuotaBook, HasOneForEachAccountRegionAndApi) {
  ManualClock clock(0);
  outbound::ManualTimers timers(clock);
  QuotaBook book(clock, timers);
  book.Grant("1", "eu-west-1", {10'000, 2'000});
  EXPECT_EQ(book.For("1", "eu-west-1", "SendTaskSuccess"), book.For("1", "eu-west-1", "SendTaskSuccess"));
  EXPECT_NE(book.For("1", "eu-west-1", "SendTaskSuccess"), book.For("1", "eu-west-1", "SendTaskFailure"));
  EXPECT_NE(book.For("1", "eu-west-1", "SendTaskSuccess"), book.For("2", "eu-west-1", "SendTaskSuccess"));
  EXPECT_EQ(book.For("1", "eu-west-1", "SendTaskSuccess")->rate(), 2'000);
  EXPECT_EQ(book.For("2", "eu-west-1", "SendTaskSuccess")->rate(), 500);
}

// AWS's side: a bucket of its own, and a log of when calls came.
class Service {
 public:
  Service(const Clock& clock, Quota quota, int throttled_percent)
      : clock_(clock), quota_(quota), throttled_percent_(throttled_percent), credit_(quota.burst), at_(clock.Now()) {}

  // False: throttled.
  bool Call() {
    const TimeMs now = clock_.Now();
    calls.push_back(now);
    credit_ =
        std::min<double>(static_cast<double>(quota_.burst),
                         credit_ + static_cast<double>(now - at_) * static_cast<double>(quota_.per_second) / 1'000);
    at_ = now;
    const bool unlucky = static_cast<int>(random_() % 100) < throttled_percent_;
    if (credit_ < 1 || unlucky) return false;
    credit_ -= 1;
    ++taken;
    return true;
  }

  // The most that calls went beyond burst + refill in any window; negative: never.
  double MostBeyond() const {
    // Over i < j: (j - i + 1) - burst - rate * (t_j - t_i), with the best i so far.
    double most = -1e9, best_start = -1e9;
    for (size_t j = 0; j < calls.size(); ++j) {
      const double drift = static_cast<double>(calls[j]) * static_cast<double>(quota_.per_second) / 1'000;
      best_start = std::max(best_start, drift - static_cast<double>(j));
      most = std::max(most, static_cast<double>(j) + 1 - drift + best_start - static_cast<double>(quota_.burst));
    }
    return most;
  }

  std::vector<TimeMs> calls;
  int64_t taken = 0;

 private:
  const Clock& clock_;
  const Quota quota_;
  const int throttled_percent_;
  double credit_;
  TimeMs at_;
  std::mt19937 random_{7};
};

// Work without end, so many calls under way at most; what is throttled is done again. Says which items were done.
class Saturation {
 public:
  Saturation(CallQuota& quota, Service& service, outbound::ManualTimers& timers, int under_way)
      : quota_(quota), service_(service), timers_(timers), free_(under_way) {}

  void Fill() {
    while (free_ > 0) {
      --free_;
      int item = next_;
      if (again_.empty()) {
        ++next_;
      } else {
        item = again_.front();
        again_.pop_front();
      }
      const DurationMs held_back = quota_.Take(5'000, [this, item] { Send(item); });
      if (held_back > 0) timers_.After(held_back, [this, item] { Finish(item, false); });
    }
  }

  int64_t next() const { return next_; }
  int64_t left() const { return static_cast<int64_t>(again_.size()); }

 private:
  void Send(int item) {
    const bool taken = service_.Call();
    timers_.After(30, [this, item, taken] {
      quota_.OnAnswer(!taken);
      Finish(item, taken);
    });
  }

  void Finish(int item, bool taken) {
    if (!taken) again_.push_back(item);
    ++free_;
    Fill();
  }

  CallQuota& quota_;
  Service& service_;
  outbound::ManualTimers& timers_;
  int free_;
  int next_ = 0;
  std::deque<int> again_;
};

constexpr int kUnderWay = 256;
constexpr DurationMs kMinute = 60'000;

TEST_F(CallQuotaTest, UsesAllOfTheQuotaAndNotMoreInAnyWindow) {
  const Quota published = PublishedQuota("us-east-1");
  CallQuota quota(published, clock_, timers_);
  Service service(clock_, published, 0);
  Saturation work(quota, service, timers_, kUnderWay);
  work.Fill();
  timers_.Advance(10 * kMinute);
  const double allowed = 3'000 + 500 * 600;
  EXPECT_LE(service.MostBeyond(), 0);
  EXPECT_GE(static_cast<double>(service.taken), 0.98 * allowed);
  EXPECT_EQ(service.taken, static_cast<int64_t>(service.calls.size())) << "some were throttled";
  std::cout << "  published quota, 10 minutes: " << service.taken / allowed << " of what is allowed\n";
}

TEST_F(CallQuotaTest, StaysWithinTheBucketWhenCallsBunchUpOnTheirWay) {
  const Quota published = PublishedQuota("us-east-1");
  CallQuota quota(published, clock_, timers_);
  Service service(clock_, published, 0);
  std::mt19937 random(11);
  int64_t sent = 0;
  const std::function<void()> go = [&] {
    ++sent;
    timers_.After(static_cast<DurationMs>(random() % 80), [&] { service.Call(); });
  };
  for (TimeMs end = clock_.Now() + kMinute; clock_.Now() < end; timers_.Advance(1)) {
    while (quota.Take(0, go) == 0) {
    }
  }
  EXPECT_LE(service.MostBeyond(), 0);
  EXPECT_EQ(service.taken, static_cast<int64_t>(service.calls.size())) << "some were throttled";
  EXPECT_GE(static_cast<double>(sent), 0.98 * (3'000 + 500 * 60));
}

TEST_F(CallQuotaTest, LearnsAQuotaThatIsSmallerThanPublished) {
  for (const int64_t actual : {300, 150, 60}) {
    const TimeMs begin = clock_.Now();
    CallQuota quota(PublishedQuota("us-east-1"), clock_, timers_);
    Service service(clock_, {actual * 5, actual}, 0);
    Saturation work(quota, service, timers_, kUnderWay);
    work.Fill();
    timers_.Advance(60 * kMinute);
    const double allowed = static_cast<double>(actual * 5 + actual * (clock_.Now() - begin) / 1'000);
    const double throttled = 1 - static_cast<double>(service.taken) / static_cast<double>(service.calls.size());
    EXPECT_GE(static_cast<double>(service.taken), 0.9 * allowed) << actual;
    EXPECT_LE(throttled, 0.15) << actual;
    std::cout << "  really " << actual << "/s: " << service.taken / allowed << " of what is allowed, "
              << throttled * 100 << " % throttled\n";
  }
}

TEST_F(CallQuotaTest, LosesNothingWhenThirtyPercentAreThrottled) {
  const Quota published = PublishedQuota("us-east-1");
  CallQuota quota(published, clock_, timers_);
  Service service(clock_, published, 30);
  Saturation work(quota, service, timers_, kUnderWay);
  work.Fill();
  timers_.Advance(10 * kMinute);
  EXPECT_LE(service.MostBeyond(), 0);
  // Each item is done, or under way, or waits to be done again.
  EXPECT_LE(work.next() - service.taken - work.left(), kUnderWay);
  EXPECT_GT(service.taken, 10'000);
  std::cout << "  30 % throttled, 10 minutes: " << service.taken << " done of " << work.next() << "\n";
}

}  // namespace
}  // namespace tokenbroker::targets
