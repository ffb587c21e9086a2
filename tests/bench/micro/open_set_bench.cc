// The set of waiting tasks at the size that the broker is built for.
#include <benchmark/benchmark.h>

#include <memory>

#include "server/broker/open_set.h"

namespace tokenbroker::benchmarks {
namespace {

using broker::OpenSet;
using broker::OpenTask;
using storage::Sequence;

constexpr Sequence kWaiting = 10'000'000;

// Steps through all of [1, kWaiting] in an order without neighbours: the multiplier is a prime that does not divide the
// size.
class Scattered {
 public:
  Sequence Next() {
    at_ = (at_ + 7'368'787) % kWaiting;
    return at_ + 1;
  }

 private:
  Sequence at_ = 0;
};

OpenTask SampleTask() {
  OpenTask task{};
  task.deadline = 1'795'000'000'000;
  return task;
}

OpenSet& FullSet() {
  static OpenSet* const set = [] {
    auto* full = new OpenSet;  // lives as long as the process
    for (Sequence task = 1; task <= kWaiting; ++task) full->Insert(task, SampleTask());
    return full;
  }();
  return *set;
}

void BM_OpenSetInsertNewest(benchmark::State& state) {
  OpenSet set;
  Sequence task = 0;
  for (auto _ : state) benchmark::DoNotOptimize(set.Insert(++task, SampleTask()));
}
BENCHMARK(BM_OpenSetInsertNewest)->Iterations(kWaiting);

void BM_OpenSetFindAt10M(benchmark::State& state) {
  OpenSet& set = FullSet();
  Scattered order;
  for (auto _ : state) benchmark::DoNotOptimize(set.Find(order.Next()));
}
BENCHMARK(BM_OpenSetFindAt10M);

void BM_OpenSetEraseAndInsertAt10M(benchmark::State& state) {
  OpenSet& set = FullSet();
  Scattered order;
  for (auto _ : state) {
    const Sequence task = order.Next();
    set.Erase(task);
    set.Insert(task, SampleTask());
  }
}
BENCHMARK(BM_OpenSetEraseAndInsertAt10M);

}  // namespace
}  // namespace tokenbroker::benchmarks
