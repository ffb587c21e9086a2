// Runs seeds until one finds something wrong; see README.md.
//
//   TB_SEEDS=10000 simulation_test     that many seeds instead of the default
//   TB_SEED=4711 simulation_test       one seed, every step printed
#include "tests/simulation/simulation.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

namespace tokenbroker::broker {
namespace {

constexpr int kSteps = 1000;
constexpr uint64_t kDefaultSeeds = 3000;

std::vector<uint64_t> KnownSeeds() {
  std::ifstream file(TB_KNOWN_SEEDS);
  std::vector<uint64_t> seeds;
  for (std::string line; std::getline(file, line);) {
    if (!line.empty() && line[0] != '#') seeds.push_back(std::stoull(line));
  }
  return seeds;
}

uint64_t NumberFrom(const char* variable, uint64_t otherwise) {
  const char* text = std::getenv(variable);
  return text == nullptr ? otherwise : std::stoull(text);
}

void Report(uint64_t seed, const std::string& wrong) {
  ADD_FAILURE() << "seed " << seed << ", " << wrong << "\nreplay with TB_SEED=" << seed;
  std::ofstream("failing-seeds.txt", std::ios::app) << seed << "\n";
}

TEST(Simulation, SeedsThatOnceFailedPass) {
  for (uint64_t seed : KnownSeeds()) {
    const SimulationReport report = RunSimulation(seed, kSteps);
    if (!report.wrong.empty()) Report(seed, report.wrong);
  }
}

TEST(Simulation, TheSameSeedTakesTheSameCourse) {
  for (uint64_t seed : {1, 2, 3, 4, 5}) {
    EXPECT_EQ(RunSimulation(seed, kSteps).trace, RunSimulation(seed, kSteps).trace) << "seed " << seed;
  }
  EXPECT_NE(RunSimulation(1, kSteps).trace, RunSimulation(2, kSteps).trace);
}

TEST(Simulation, NoSeedFindsAnythingWrong) {
  const uint64_t only = NumberFrom("TB_SEED", 0);
  const uint64_t first = only != 0 ? only : NumberFrom("TB_FIRST_SEED", 1);
  const uint64_t count = only != 0 ? 1 : NumberFrom("TB_SEEDS", kDefaultSeeds);
  const auto begin = std::chrono::steady_clock::now();
  SimulationReport sum;
  int failures = 0;
  for (uint64_t seed = first; seed < first + count && failures < 10; ++seed) {
    const SimulationReport report = RunSimulation(seed, kSteps, only != 0);
    if (!report.wrong.empty()) ++failures, Report(seed, report.wrong);
    sum.simulated += report.simulated;
    sum.calls += report.calls;
    sum.tasks += report.tasks;
    sum.crashes += report.crashes;
    sum.failed_writes += report.failed_writes;
    sum.delivered += report.delivered;
    sum.sends += report.sends;
  }
  const double took = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  std::printf(
      "%llu seeds in %.1f s: %llu calls, %llu tasks, %llu crashes, %llu failed writes; %llu outcomes delivered in %llu "
      "sends; %.1f days simulated, %.0f times real time\n",
      static_cast<unsigned long long>(count), took, static_cast<unsigned long long>(sum.calls),
      static_cast<unsigned long long>(sum.tasks), static_cast<unsigned long long>(sum.crashes),
      static_cast<unsigned long long>(sum.failed_writes), static_cast<unsigned long long>(sum.delivered),
      static_cast<unsigned long long>(sum.sends), sum.simulated / 86'400'000.0, sum.simulated / 1000.0 / took);
}

}  // namespace
}  // namespace tokenbroker::broker
