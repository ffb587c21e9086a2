// The store alone: appends of so many records of 200 bytes, each with its sync.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/bench/micro/temp_store.h"

namespace tokenbroker::benchmarks {
namespace {

void BM_StoreAppend(benchmark::State& state) {
  TempStore store(static_cast<StoreKind>(state.range(0)));
  const size_t count = state.range(1);
  const std::string bytes(200, 'r');
  std::vector<storage::LogRecord> records(count, {0, bytes});
  storage::Sequence sequence = 0;
  for (auto _ : state) {
    for (storage::LogRecord& record : records) record.sequence = ++sequence;
    if (absl::Status status = store->Append(0, records); !status.ok()) state.SkipWithError(status.ToString().c_str());
  }
  state.SetItemsProcessed(static_cast<int64_t>(sequence));
}
BENCHMARK(BM_StoreAppend)
    ->ArgNames({"store", "records"})
    ->ArgsProduct({{static_cast<int>(StoreKind::kRocksDb), static_cast<int>(StoreKind::kRocksDbNoSync)},
                   {1, 64, 512, 2048}})
    ->MeasureProcessCPUTime()
    ->UseRealTime();

// The question that each new request id puts to the stored index: is it there? It is not; so many other keys are.
void BM_StoreFindMissing(benchmark::State& state) {
  TempStore store(StoreKind::kRocksDb);
  constexpr size_t kPerCheckpoint = 1'000'000;
  constexpr uint64_t kStep = 0x9e3779b97f4a7c15;
  uint64_t number = 0;
  for (int64_t i = 0; i < state.range(0); ++i) {
    storage::Checkpoint checkpoint;
    checkpoint.covers = static_cast<storage::Sequence>(i + 1);
    for (size_t n = 0; n < kPerCheckpoint; ++n) {
      number += kStep;
      checkpoint.index.push_back({{number | uint64_t{1} << 63, number * kStep}, checkpoint.covers});
    }
    std::sort(checkpoint.index.begin(), checkpoint.index.end(),
              [](const auto& a, const auto& b) { return a.key < b.key; });
    if (absl::Status status = store->SaveCheckpoint(0, checkpoint); !status.ok()) {
      return state.SkipWithError(status.ToString().c_str());
    }
  }
  for (auto _ : state) {
    number += kStep;
    benchmark::DoNotOptimize(store->Find(0, {number | uint64_t{1} << 63, number}));
  }
}
BENCHMARK(BM_StoreFindMissing)->ArgName("millions")->Arg(1)->Arg(4)->Arg(10);

}  // namespace
}  // namespace tokenbroker::benchmarks
