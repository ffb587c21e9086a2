#include "server/forward/beat_planner.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <functional>
#include <map>
#include <random>
#include <string>

namespace tokenbroker::forward {
namespace {

using Id = BeatPlanner::Id;
using Ids = std::vector<Id>;
using BeatAnswer = BeatPlanner::Answer;

constexpr DurationMs kInterval = 60'000;
constexpr TimeMs kStart = 1'000'000;

class BeatPlannerTest : public testing::Test {
 protected:
  void Answered(const Ids& ids, BeatAnswer answer = BeatAnswer::kTaken) {
    for (const Id id : ids) planner_.OnAnswer(id, answer, now_);
  }
  // The worker's first beat is passed on at once.
  void Settle(Id id) {
    planner_.Watch(id, kInterval, now_);
    planner_.OnLocalBeat(id, now_);
    ASSERT_EQ(planner_.Take(now_, 10), Ids{id});
    Answered({id});
  }
  void Pass(DurationMs time) { now_ += time; }

  TimeMs now_ = kStart;
  Ids gone_;
  std::multimap<Id, BeatPlanner::Warning> warnings_;
  BeatPlanner planner_{{[this](Id id) { gone_.push_back(id); },
                        [this](Id id, BeatPlanner::Warning warning) { warnings_.emplace(id, warning); }}};
};

TEST_F(BeatPlannerTest, ManyLocalBeatsMakeOneUpstream) {
  Settle(1);
  int upstream = 0;
  for (int second = 0; second < 300; ++second) {
    Pass(1'000);
    planner_.OnLocalBeat(1, now_);
    const Ids due = planner_.Take(now_, 10);
    upstream += static_cast<int>(due.size());
    Answered(due);
  }
  EXPECT_EQ(upstream, 10);  // every half interval
}

TEST_F(BeatPlannerTest, ASilentWorkerIsNotSpokenFor) {
  Settle(1);
  Pass(10 * kInterval);
  EXPECT_EQ(planner_.Take(now_, 10), Ids{});
  // When it comes back, at once.
  planner_.OnLocalBeat(1, now_);
  EXPECT_EQ(planner_.Take(now_, 10), Ids{1});
}

TEST_F(BeatPlannerTest, TheMostUrgentComeFirst) {
  planner_.Watch(1, 3 * kInterval, now_);
  planner_.Watch(2, kInterval, now_);
  planner_.Watch(3, 2 * kInterval, now_);
  for (const Id id : {1, 2, 3}) planner_.OnLocalBeat(id, now_);
  EXPECT_EQ(planner_.Take(now_, 2), (Ids{2, 3}));
  EXPECT_EQ(planner_.Take(now_, 2), Ids{1});
}

TEST_F(BeatPlannerTest, WhoseDeadlineHasPassedComesLast) {
  planner_.Watch(1, kInterval, now_);
  planner_.OnLocalBeat(1, now_);
  Pass(kInterval);
  planner_.Watch(2, kInterval, now_);
  planner_.OnLocalBeat(2, now_);
  EXPECT_EQ(planner_.Take(now_, 10), (Ids{2, 1}));
}

TEST_F(BeatPlannerTest, ABeatDuringACallCountsForTheNext) {
  Settle(1);
  Pass(kInterval / 2);
  planner_.OnLocalBeat(1, now_);
  EXPECT_EQ(planner_.Take(now_, 10), Ids{1});
  planner_.OnLocalBeat(1, now_);
  EXPECT_EQ(planner_.Take(now_, 10), Ids{});
  Answered({1});
  EXPECT_EQ(planner_.next_due(), now_ + kInterval / 2);
  Pass(kInterval / 2);
  EXPECT_EQ(planner_.Take(now_, 10), Ids{1});
}

TEST_F(BeatPlannerTest, AFailedCallIsTriedAgainSoon) {
  Settle(1);
  Pass(kInterval / 2);
  planner_.OnLocalBeat(1, now_);
  planner_.Take(now_, 10);
  Answered({1}, BeatAnswer::kFailed);
  EXPECT_EQ(planner_.Take(now_, 10), Ids{});
  Pass(kInterval / 20);
  EXPECT_EQ(planner_.Take(now_, 10), Ids{1});
}

TEST_F(BeatPlannerTest, ThoseThatFailedTakeTurnsAndHoldNobodyUp) {
  for (const Id id : {1, 2, 3, 4}) Settle(id);
  Pass(kInterval / 2);
  for (const Id id : {1, 2, 3, 4}) planner_.OnLocalBeat(id, now_);
  ASSERT_EQ(planner_.Take(now_, 2), (Ids{1, 2}));
  Answered({1, 2}, BeatAnswer::kFailed);
  EXPECT_TRUE(planner_.has_failed(1));
  EXPECT_FALSE(planner_.has_failed(3));
  Pass(kInterval / 20);
  EXPECT_EQ(planner_.Take(now_, 2).size(), 2u);
  EXPECT_EQ(planner_.due(), 2u) << "one that failed, and one that did not";
  EXPECT_EQ(planner_.Take(now_, 2).size(), 2u);
  Answered({1, 2, 3, 4});
  EXPECT_FALSE(planner_.has_failed(1));
}

TEST_F(BeatPlannerTest, WhoseDeadlineHasPassedIsAProbeToo) {
  Settle(1);
  Pass(kInterval);
  planner_.OnLocalBeat(1, now_);
  for (const Id id : {2, 3, 4, 5}) {
    planner_.Watch(id, kInterval, now_);
    planner_.OnLocalBeat(id, now_);
  }
  ASSERT_EQ(planner_.Take(now_, 4), (Ids{2, 3, 4, 5}));
  Answered({2, 3, 4, 5}, BeatAnswer::kFailed);
  Pass(kInterval / 20);
  EXPECT_EQ(planner_.Take(now_, 2), (Ids{2, 3})) << "there is little to be saved";
  EXPECT_EQ(planner_.late(), 1u);
  EXPECT_EQ(planner_.Take(now_, 2, /*probes=*/true), (Ids{1, 4}));
}

TEST_F(BeatPlannerTest, WhatWasHeldBackIsAsUrgentAsBefore) {
  for (const Id id : {1, 2}) planner_.Watch(id, id * kInterval, now_);
  planner_.OnLocalBeat(1, now_);
  ASSERT_EQ(planner_.Take(now_, 1), Ids{1});
  Answered({1}, BeatAnswer::kHeldBack);
  EXPECT_FALSE(planner_.has_failed(1));
  Pass(kInterval / 20);
  planner_.OnLocalBeat(2, now_);
  EXPECT_EQ(planner_.Take(now_, 2), (Ids{1, 2}));
}

TEST_F(BeatPlannerTest, ATaskThatTheEngineNoLongerWaitsForIsTold) {
  Settle(1);
  Pass(kInterval / 2);
  planner_.OnLocalBeat(1, now_);
  planner_.Take(now_, 10);
  Answered({1}, BeatAnswer::kGone);
  EXPECT_EQ(gone_, Ids{1});
  EXPECT_EQ(planner_.watched(), 0u);
  planner_.OnLocalBeat(1, now_);
  EXPECT_EQ(planner_.next_due(), BeatPlanner::kNever);
}

TEST_F(BeatPlannerTest, WarnsOnceWhereNobodyListens) {
  planner_.Watch(1, 0, now_);
  for (int i = 0; i < 3; ++i) planner_.OnLocalBeat(1, now_);
  EXPECT_EQ(warnings_, (std::multimap<Id, BeatPlanner::Warning>{{1, BeatPlanner::Warning::kNobodyListens}}));
  EXPECT_EQ(planner_.Take(now_, 10), Ids{});
}

TEST_F(BeatPlannerTest, WarnsOnceWhereNobodyBeatsWhileThereIsTime) {
  planner_.Watch(1, kInterval, now_);
  EXPECT_EQ(planner_.next_due(), now_ + kInterval / 2);
  Pass(kInterval / 2);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(planner_.Take(now_, 10), Ids{});
  EXPECT_EQ(warnings_, (std::multimap<Id, BeatPlanner::Warning>{{1, BeatPlanner::Warning::kNobodyBeats}}));
}

TEST_F(BeatPlannerTest, DoesNotWarnWhereAllIsWell) {
  Settle(1);
  Pass(10 * kInterval);
  planner_.Take(now_, 10);
  EXPECT_TRUE(warnings_.empty());
}

TEST_F(BeatPlannerTest, WhatIsForgottenIsNowhere) {
  for (Id id = 1; id <= 4; ++id) planner_.Watch(id, kInterval, now_);
  for (Id id = 1; id <= 3; ++id) planner_.OnLocalBeat(id, now_);
  const Ids taken = planner_.Take(now_, 1);
  for (Id id = 1; id <= 4; ++id) planner_.Forget(id);
  Answered(taken);
  EXPECT_EQ(planner_.watched() + planner_.due(), 0u);
  EXPECT_EQ(planner_.next_due(), BeatPlanner::kNever);
  EXPECT_TRUE(gone_.empty());
}

// --- How many live tokens a quota carries ---

constexpr int64_t kPerSecond = 500, kBurst = 3'000;
constexpr DurationMs kLocalBeat = 10'000;
constexpr DurationMs kTick = 100;

struct Fleet {
  explicit Fleet(size_t size) : size(size), engine_deadline(size, kStart + kInterval) {}

  void BeatUpstream(size_t id, TimeMs now) {
    if (engine_deadline[id] < now) ++timed_out;
    engine_deadline[id] = now + kInterval;
  }

  const size_t size;
  std::vector<TimeMs> engine_deadline;
  int64_t timed_out = 0;
};

// Runs `send(now, budget)`, which answers how much of the budget it has used, and `beat(worker, now)` for each local
// beat; true if no task timed out at the engine.
bool Survives(Fleet& fleet, const std::function<int64_t(TimeMs, int64_t)>& send,
              const std::function<void(size_t, TimeMs)>& beat) {
  double credit = kBurst;
  for (TimeMs now = kStart; now < kStart + 15 * kInterval && fleet.timed_out == 0; now += kTick) {
    // Workers' beats are spread over their period.
    const size_t slots = kLocalBeat / kTick;
    for (size_t worker = (now / kTick) % slots; worker < fleet.size; worker += slots) beat(worker, now);
    credit = std::min<double>(kBurst, credit + static_cast<double>(kPerSecond * kTick) / 1'000);
    credit -= static_cast<double>(send(now, static_cast<int64_t>(credit)));
  }
  const TimeMs end = kStart + 15 * kInterval;
  for (const TimeMs deadline : fleet.engine_deadline) fleet.timed_out += deadline < end;
  return fleet.timed_out == 0;
}

bool SurvivesWith(size_t size) {
  Fleet fleet(size);
  BeatPlanner planner({});
  for (Id id = 0; id < size; ++id) planner.Watch(id, kInterval, kStart);
  return Survives(
      fleet,
      [&](TimeMs now, int64_t budget) {
        const Ids taken = planner.Take(now, budget);
        for (const Id id : taken) {
          fleet.BeatUpstream(id, now);
          planner.OnAnswer(id, BeatAnswer::kTaken, now);
        }
        return static_cast<int64_t>(taken.size());
      },
      [&](size_t worker, TimeMs now) { planner.OnLocalBeat(worker, now); });
}

// Every local beat is a call, as a worker with an AWS SDK would make it; one that finds the quota used up is throttled,
// and the worker beats again when its time has come.
bool SurvivesWithout(size_t size) {
  Fleet fleet(size);
  std::mt19937 random(size);
  std::vector<size_t> beats;
  return Survives(
      fleet,
      [&](TimeMs now, int64_t budget) {
        std::shuffle(beats.begin(), beats.end(), random);
        const auto taken = std::min<int64_t>(budget, static_cast<int64_t>(beats.size()));
        for (int64_t i = 0; i < taken; ++i) fleet.BeatUpstream(beats[i], now);
        beats.clear();
        return taken;
      },
      [&](size_t worker, TimeMs) { beats.push_back(worker); });
}

size_t MostThatSurvive(bool (*survives)(size_t)) {
  size_t good = 0, bad = 64'000;
  while (bad - good > 250) {
    const size_t middle = (good + bad) / 2;
    (survives(middle) ? good : bad) = middle;
  }
  return good;
}

TEST(BeatPlannerSimulation, CarriesManyTimesMoreTokensOnTheSameQuota) {
  const size_t without = MostThatSurvive(SurvivesWithout);
  const size_t with = MostThatSurvive(SurvivesWith);
  std::printf(
      "  live tokens on a quota of %d/s, engine deadline 60 s, a local beat each 10 s:\n"
      "    every beat passed on  %6zu\n    planned               %6zu\n",
      static_cast<int>(kPerSecond), without, with);
  // Quota times the interval is the most that there can be.
  EXPECT_LE(with, 31'000u);
  EXPECT_GE(with, 24'000u);
  EXPECT_GE(with, 4 * without);
}

}  // namespace
}  // namespace tokenbroker::forward
