// The tests move a wall clock and an elapsed time by hand, in microseconds.
#include "base/system_clock.h"

#include <gtest/gtest.h>

#include <random>
#include <thread>
#include <vector>

namespace tokenbroker {
namespace {

constexpr int64_t kSecond = 1'000'000;
constexpr int64_t kHour = 3'600 * kSecond;
constexpr int64_t kStart = 1'767'225'600 * kSecond;

class SystemClockTest : public testing::Test {
 protected:
  SystemClock MakeClock(TimeMs high_water = 0) {
    return SystemClock(high_water, {[this] { return wall_; }, [this] { return elapsed_; }});
  }
  void Pass(int64_t micros) {
    wall_ += micros;
    elapsed_ += micros;
  }
  // As a running broker does: somebody asks all the time.
  void PassAsking(const SystemClock& clock, int64_t micros) {
    for (int64_t passed = 0; passed < micros; passed += kSecond) {
      Pass(kSecond);
      clock.Now();
    }
  }

  int64_t wall_ = kStart;
  int64_t elapsed_ = 77 * kSecond;
};

TEST_F(SystemClockTest, StartsAtTheWallClockAndAdvancesWithElapsedTime) {
  const SystemClock clock = MakeClock();
  EXPECT_EQ(clock.Now(), kStart / 1'000);
  Pass(5 * kSecond);
  EXPECT_EQ(clock.Now(), kStart / 1'000 + 5'000);
  EXPECT_EQ(clock.Offset(), 0);
}

TEST_F(SystemClockTest, StartsAtTheHighWaterMarkIfTheWallClockIsBehindIt) {
  const TimeMs high_water = kStart / 1'000 + 60'000;
  const SystemClock clock = MakeClock(high_water);
  EXPECT_EQ(clock.Now(), high_water);
  EXPECT_EQ(clock.Offset(), -60'000);
}

TEST_F(SystemClockTest, AStepForwardMakesNothingDue) {
  const SystemClock clock = MakeClock();
  const TimeMs deadline = clock.Now() + 3'600'000;
  wall_ += 24 * kHour;
  EXPECT_LT(clock.Now(), deadline);
  EXPECT_EQ(clock.Offset(), 24 * 3'600'000);
  PassAsking(clock, kHour - 2 * kSecond);
  EXPECT_LT(clock.Now(), deadline) << "less than an hour passed; drift may take 1.8 s of it, not more";
  PassAsking(clock, 2 * kSecond);
  EXPECT_GE(clock.Now(), deadline);
}

TEST_F(SystemClockTest, AStepBackStopsNothing) {
  const SystemClock clock = MakeClock();
  const TimeMs deadline = clock.Now() + 3'600'000;
  wall_ -= 24 * kHour;
  PassAsking(clock, kHour + 2 * kSecond);
  EXPECT_GE(clock.Now(), deadline);
}

TEST_F(SystemClockTest, DriftsToTheWallClockAtFiveHundredPartsInAMillion) {
  const SystemClock clock = MakeClock();
  wall_ += kSecond;
  EXPECT_EQ(clock.Offset(), 1'000);
  PassAsking(clock, 1'000 * kSecond);
  EXPECT_NEAR(clock.Offset(), 500, 2);
  PassAsking(clock, 1'010 * kSecond);
  EXPECT_NEAR(clock.Offset(), 0, 1);
  PassAsking(clock, 1'000 * kSecond);
  EXPECT_NEAR(clock.Offset(), 0, 1);
}

TEST_F(SystemClockTest, DriftsBackFromAHighWaterMarkWithoutGoingBack) {
  const SystemClock clock = MakeClock(kStart / 1'000 + 1'000);
  TimeMs last = clock.Now();
  for (int i = 0; i < 2'100; ++i) {
    Pass(kSecond);
    ASSERT_GE(clock.Now(), last + 999);
    last = clock.Now();
  }
  EXPECT_NEAR(clock.Offset(), 0, 1);
}

TEST_F(SystemClockTest, ALongSilenceIsNotMadeGoodAtOnce) {
  const SystemClock clock = MakeClock();
  wall_ += 24 * kHour;
  Pass(kHour);
  EXPECT_LE(clock.Now(), kStart / 1'000 + 3'600'000 + 5);
}

TEST_F(SystemClockTest, NeverGoesBackWhateverTheWallClockDoes) {
  const SystemClock clock = MakeClock();
  std::mt19937_64 random(7);
  TimeMs last = 0;
  for (int i = 0; i < 100'000; ++i) {
    elapsed_ += random() % 200'000;
    if (i % 10 == 0) wall_ = kStart + static_cast<int64_t>(random() % (200 * kHour)) - 100 * kHour;
    const TimeMs now = clock.Now();
    ASSERT_GE(now, last);
    last = now;
  }
}

TEST(SystemClock, NeverGoesBackBetweenThreads) {
  const SystemClock clock(0, {[] { return WallMicros() - 10'000'000; }, ElapsedMicros});
  std::atomic<TimeMs> latest{0};
  std::atomic<bool> went_back{false};
  const auto ask = [&] {
    for (int i = 0; i < 200'000; ++i) {
      const TimeMs before = latest.load();
      const TimeMs now = clock.Now();
      if (now < before) went_back = true;
      TimeMs seen = before;
      while (seen < now && !latest.compare_exchange_weak(seen, now)) {
      }
    }
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) threads.emplace_back(ask);
  for (std::thread& thread : threads) thread.join();
  EXPECT_FALSE(went_back);
}

}  // namespace
}  // namespace tokenbroker
