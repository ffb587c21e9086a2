// TB_BEAT_SEEDS=10000 simulation_test --gtest_filter='BeatsSimulation.*'    more; TB_BEAT_SEED: one
#include "tests/simulation/beats.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <string>

namespace tokenbroker::broker {
namespace {

constexpr int kSteps = 2000;
constexpr uint64_t kDefaultSeeds = 300;

uint64_t NumberFrom(const char* variable, uint64_t otherwise) {
  const char* text = std::getenv(variable);
  return text == nullptr ? otherwise : std::stoull(text);
}

TEST(BeatsSimulation, TheSameSeedTakesTheSameCourse) {
  for (uint64_t seed : {1, 2, 3}) {
    EXPECT_EQ(SimulateBeats(seed, kSteps).trace, SimulateBeats(seed, kSteps).trace) << "seed " << seed;
  }
  EXPECT_NE(SimulateBeats(1, kSteps).trace, SimulateBeats(2, kSteps).trace);
}

TEST(BeatsSimulation, NoSeedFindsAnythingWrong) {
  const uint64_t only = NumberFrom("TB_BEAT_SEED", 0);
  const uint64_t first = only != 0 ? only : 1;
  const uint64_t count = only != 0 ? 1 : NumberFrom("TB_BEAT_SEEDS", kDefaultSeeds);
  BeatsReport sum;
  for (uint64_t seed = first; seed < first + count; ++seed) {
    const BeatsReport report = SimulateBeats(seed, kSteps);
    ASSERT_EQ(report.wrong, "") << "replay with TB_BEAT_SEED=" << seed;
    sum.simulated += report.simulated;
    sum.tasks += report.tasks;
    sum.local += report.local;
    sum.upstream += report.upstream;
    sum.cancelled += report.cancelled;
    sum.crashes += report.crashes;
  }
  if (only == 0) {
    EXPECT_GT(sum.cancelled, 0u);
    EXPECT_LT(sum.upstream * 2, sum.local);
  }
  std::printf(
      "%llu beats of workers made %llu upstream, for %llu tasks; %llu cancelled, %llu crashes and restarts; %.1f "
      "days\n",
      static_cast<unsigned long long>(sum.local), static_cast<unsigned long long>(sum.upstream),
      static_cast<unsigned long long>(sum.tasks), static_cast<unsigned long long>(sum.cancelled),
      static_cast<unsigned long long>(sum.crashes), sum.simulated / 86'400'000.0);
}

}  // namespace
}  // namespace tokenbroker::broker
