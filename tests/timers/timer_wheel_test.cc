// Against a sorted multiset: never early, never forgotten, in exact order.
#include "server/timers/timer_wheel.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

namespace tokenbroker {
namespace {

constexpr TimeMs kStart = 1'800'000'000'000;
constexpr DurationMs kDay = 86'400'000;

std::vector<uint64_t> Ids(const std::vector<TimerWheel::Timer>& timers) {
  std::vector<uint64_t> ids;
  for (const TimerWheel::Timer& timer : timers) ids.push_back(timer.id);
  return ids;
}

std::vector<uint64_t> Take(TimerWheel& wheel, TimeMs now, size_t max = SIZE_MAX) {
  std::vector<TimerWheel::Timer> due;
  wheel.Advance(now, max, due);
  return Ids(due);
}

TEST(TimerWheel, ATimerIsDeliveredAtItsTimeAndNotBefore) {
  for (DurationMs in : {1L, 63L, 64L, 65L, 4095L, 4096L, kDay, 365 * kDay, 100 * 365 * kDay, 1000 * 365 * kDay}) {
    TimerWheel wheel(kStart);
    wheel.Add(kStart + in, 7);
    EXPECT_TRUE(Take(wheel, kStart + in - 1).empty()) << in;
    EXPECT_EQ(Take(wheel, kStart + in), std::vector<uint64_t>{7}) << in;
    EXPECT_EQ(wheel.size(), 0u);
    EXPECT_EQ(wheel.NextDue(), INT64_MAX);
  }
}

TEST(TimerWheel, WhatIsOverdueIsDeliveredAtOnce) {
  TimerWheel wheel(kStart);
  wheel.Add(kStart, 1);
  wheel.Add(kStart - kDay, 2);
  EXPECT_LE(wheel.NextDue(), kStart - kDay);
  EXPECT_EQ(Take(wheel, kStart), (std::vector<uint64_t>{2, 1}));
}

TEST(TimerWheel, AJumpOfYearsDeliversOldestFirst) {
  TimerWheel wheel(kStart);
  wheel.Add(kStart + 300 * kDay, 3);
  wheel.Add(kStart + 5, 1);
  wheel.Add(kStart + 70'000, 2);
  wheel.Add(kStart + 2000 * kDay, 4);
  EXPECT_EQ(Take(wheel, kStart + 5000 * kDay), (std::vector<uint64_t>{1, 2, 3, 4}));
}

TEST(TimerWheel, AtMostSoManyAreTakenAtATime) {
  TimerWheel wheel(kStart);
  for (uint64_t id = 1; id <= 10; ++id) wheel.Add(kStart + static_cast<TimeMs>(id), id);
  std::vector<TimerWheel::Timer> due;
  EXPECT_TRUE(wheel.Advance(kStart + 10, 4, due));
  EXPECT_EQ(Ids(due), (std::vector<uint64_t>{1, 2, 3, 4}));
  EXPECT_LE(wheel.NextDue(), kStart + 10) << "more are due: do not sleep";
  wheel.Add(kStart + 1, 11);
  EXPECT_EQ(Take(wheel, kStart + 10, 2), (std::vector<uint64_t>{11, 5})) << "also a late one comes in its order";
  EXPECT_EQ(Take(wheel, kStart + 10).size(), 5u);
}

TEST(TimerWheel, TimeThatStandsStillOrGoesBackIsHarmless) {
  TimerWheel wheel(kStart);
  wheel.Add(kStart + 10, 1);
  EXPECT_TRUE(Take(wheel, kStart + 9).empty());
  EXPECT_TRUE(Take(wheel, kStart - kDay).empty());
  EXPECT_EQ(Take(wheel, kStart + 10).size(), 1u);
}

TEST(TimerWheel, BehavesLikeASortedSet) {
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    TimeMs now = kStart + static_cast<TimeMs>(random() % kDay);
    TimerWheel wheel(now);
    std::multiset<std::pair<TimeMs, uint64_t>> model;
    uint64_t id = 0;
    const DurationMs spans[] = {10, 1000, 100'000, kDay, 400 * kDay, 3000 * kDay};
    for (int step = 0; step < 3000; ++step) {
      const DurationMs span = spans[random() % 6];
      if (random() % 3 != 0) {
        const TimeMs due = now + static_cast<TimeMs>(random() % span) - (random() % 10 == 0 ? 1000 : 0);
        wheel.Add(due, ++id);
        model.insert({due, id});
        continue;
      }
      const TimeMs next = wheel.NextDue();
      ASSERT_LE(next, model.empty() ? INT64_MAX : model.begin()->first);
      if (model.empty() || model.begin()->first > now) {
        ASSERT_GT(next, now - 1);
      }
      now += static_cast<TimeMs>(random() % spans[random() % 6]);
      const size_t max = random() % 4 == 0 ? random() % 5 : SIZE_MAX;
      std::vector<TimerWheel::Timer> due;
      const bool more = wheel.Advance(now, max, due);
      for (const TimerWheel::Timer& timer : due) {
        ASSERT_LE(timer.due, now) << "early";
        ASSERT_EQ(*model.begin(), std::make_pair(timer.due, timer.id)) << "out of order";
        model.erase(model.begin());
      }
      const bool left = !model.empty() && model.begin()->first <= now;
      ASSERT_EQ(more, left);
      ASSERT_TRUE(!left || due.size() == max);
      ASSERT_EQ(wheel.size(), model.size());
    }
  }
}

// Slots are taken apart ahead of their time, in part or wholly, whatever their width.
TEST(TimerWheel, TimersOfOneTimeoutAreDeliveredEachAtItsTime) {
  for (const DurationMs timeout : {100L, 5000L, 600'000L}) {
    for (const DurationMs step : {1L, 7L, 100L}) {
      TimerWheel wheel(kStart + 12'345);
      TimeMs now = kStart + 12'345;
      uint64_t issued = 0;
      uint64_t delivered = 0;
      for (const TimeMs end = now + timeout + 300'000; now < end; now += step) {
        for (int i = 0; i < 3; ++i) wheel.Add(now + timeout, ++issued);
        std::vector<TimerWheel::Timer> due;
        ASSERT_FALSE(wheel.Advance(now, SIZE_MAX, due));
        for (const TimerWheel::Timer& timer : due) {
          ASSERT_EQ(timer.id, ++delivered);
          ASSERT_LE(timer.due, now);
          ASSERT_GT(timer.due, now - step) << "late";
        }
      }
      EXPECT_EQ(issued - delivered, wheel.size());
      EXPECT_EQ(wheel.size(), static_cast<size_t>(3 * ((timeout + step - 1) / step)));
    }
  }
}

// Who sleeps until NextDue and advances must get to every timer in few steps, not in one step per millisecond.
TEST(TimerWheel, SleepingUntilNextDueGetsToEveryTimerInFewSteps) {
  std::mt19937_64 random(3);
  TimerWheel wheel(kStart);
  for (uint64_t id = 0; id < 1000; ++id) wheel.Add(kStart + 1 + static_cast<TimeMs>(random() % (900 * kDay)), id);
  int steps = 0;
  while (wheel.size() > 0) {
    const TimeMs next = wheel.NextDue();
    std::vector<TimerWheel::Timer> due;
    wheel.Advance(next, SIZE_MAX, due);
    for (const TimerWheel::Timer& timer : due) ASSERT_EQ(timer.due, next) << "late";
    ++steps;
  }
  EXPECT_LT(steps, 7000);
}

TEST(TimerWheel, AMillionTimersAreDeliveredInOrder) {
  std::mt19937_64 random(4);
  TimerWheel wheel(kStart);
  std::vector<std::pair<TimeMs, uint64_t>> expected;
  for (uint64_t id = 0; id < 1'000'000; ++id) {
    const TimeMs due = kStart + static_cast<TimeMs>(random() % (30 * kDay));
    wheel.Add(due, id);
    expected.push_back({due, id});
  }
  std::sort(expected.begin(), expected.end());
  std::vector<TimerWheel::Timer> due;
  for (TimeMs now = kStart; wheel.size() > 0; now += kDay / 10) wheel.Advance(now, SIZE_MAX, due);
  ASSERT_EQ(due.size(), expected.size());
  for (size_t i = 0; i < due.size(); ++i) ASSERT_EQ(std::make_pair(due[i].due, due[i].id), expected[i]);
}

}  // namespace
}  // namespace tokenbroker
