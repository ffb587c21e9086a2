#include <benchmark/benchmark.h>

#include <random>
#include <vector>

#include "server/timers/timer_wheel.h"

namespace tokenbroker::benchmarks {
namespace {

constexpr TimeMs kStart = 1'795'000'000'000;
constexpr TimeMs kYear = TimeMs{365} * 24 * 3600 * 1000;
constexpr int kTimers = 1'000'000;

std::vector<TimeMs> RandomDues(TimeMs within) {
  std::mt19937_64 random(1);
  std::vector<TimeMs> dues(kTimers);
  for (TimeMs& due : dues) due = kStart + 1 + static_cast<TimeMs>(random() % within);
  return dues;
}

void BM_TimerAdd(benchmark::State& state) {
  const std::vector<TimeMs> dues = RandomDues(kYear);
  TimerWheel wheel(kStart);
  size_t i = 0;
  for (auto _ : state) {
    ++i;
    wheel.Add(dues[i % kTimers], i);
  }
}
BENCHMARK(BM_TimerAdd)->Iterations(10 * kTimers);

// From adding to being told, each timer once; the wheel moves on by the step given, in ms.
void BM_TimerWholeLife(benchmark::State& state) {
  const TimeMs within = state.range(0);
  const TimeMs step = state.range(1);
  const std::vector<TimeMs> dues = RandomDues(within);
  std::vector<TimerWheel::Timer> due;
  for (auto _ : state) {
    TimerWheel wheel(kStart);
    for (int i = 0; i < kTimers; ++i) wheel.Add(dues[i], i);
    for (TimeMs now = kStart; wheel.size() > 0; now += step) {
      due.clear();
      while (wheel.Advance(now, 4096, due)) due.clear();
    }
  }
  state.SetItemsProcessed(state.iterations() * kTimers);
}
BENCHMARK(BM_TimerWholeLife)->Args({60'000, 1})->Args({kYear, 60'000})->Unit(benchmark::kMillisecond);

// What an idle broker pays for asking.
void BM_TimerNextDueAt1M(benchmark::State& state) {
  TimerWheel wheel(kStart);
  int i = 0;
  for (TimeMs due : RandomDues(kYear)) wheel.Add(due, ++i);
  for (auto _ : state) benchmark::DoNotOptimize(wheel.NextDue());
}
BENCHMARK(BM_TimerNextDueAt1M);

}  // namespace
}  // namespace tokenbroker::benchmarks
