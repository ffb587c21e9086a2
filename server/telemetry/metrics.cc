#include "server/telemetry/metrics.h"

#include <algorithm>

namespace tokenbroker {

namespace metrics_internal {
int ShardOfThisThread() {
  static std::atomic<int> next{0};
  thread_local const int shard = next.fetch_add(1, std::memory_order_relaxed) % kShards;
  return shard;
}
}  // namespace metrics_internal

uint64_t Counter::Value() const {
  uint64_t sum = 0;
  for (const Shard& shard : shards_) sum += shard.value.load(std::memory_order_relaxed);
  return sum;
}

void CallbackGauge::SetSource(std::function<double()> source) {
  const std::lock_guard lock(mutex_);
  source_ = std::move(source);
}

bool CallbackGauge::Read(double* value) const {
  const std::lock_guard lock(mutex_);
  if (!source_) return false;
  *value = source_();
  return true;
}

Histogram::Histogram(absl::Span<const double> bounds) : bounds_(bounds.begin(), bounds.end()) {
  for (Shard& shard : shards_) shard.counts = std::make_unique<std::atomic<uint64_t>[]>(bounds_.size() + 1);
}

void Histogram::Observe(double value) {
  const size_t bucket = std::lower_bound(bounds_.begin(), bounds_.end(), value) - bounds_.begin();
  Shard& shard = shards_[metrics_internal::ShardOfThisThread()];
  shard.counts[bucket].fetch_add(1, std::memory_order_relaxed);
  shard.sum.fetch_add(value, std::memory_order_relaxed);
}

Histogram::Snapshot Histogram::Read() const {
  Snapshot snapshot;
  snapshot.counts.resize(bounds_.size() + 1);
  for (const Shard& shard : shards_) {
    for (size_t i = 0; i < snapshot.counts.size(); ++i) {
      const uint64_t count = shard.counts[i].load(std::memory_order_relaxed);
      snapshot.counts[i] += count;
      snapshot.count += count;
    }
    snapshot.sum += shard.sum.load(std::memory_order_relaxed);
  }
  return snapshot;
}

absl::Span<const double> LatencyBounds() {
  static constexpr double kBounds[] = {0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
                                       0.05,    0.1,    0.25,    0.5,    1,     2.5,    5,     10};
  return kBounds;
}

}  // namespace tokenbroker
