// Counters, gauges and histograms that cost a few nanoseconds, and the text that Prometheus reads.
//
// Instruments are made once, at start, by a MetricsRegistry that owns them; the references it returns stay valid as
// long as it lives. Label values are fixed then: what has no bound (task ids, namespaces, keys) is never a label.
//
// All of it is thread-safe. Changes are relaxed: a scrape sees each instrument at some moment during the scrape.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/types/span.h"

namespace tokenbroker {

namespace metrics_internal {
inline constexpr int kShards = 8;
// Threads take shards in turn; few threads never share one.
int ShardOfThisThread();
}  // namespace metrics_internal

// Only grows.
class Counter {
 public:
  void Increment(uint64_t by = 1) {
    shards_[metrics_internal::ShardOfThisThread()].value.fetch_add(by, std::memory_order_relaxed);
  }
  uint64_t Value() const;

 private:
  struct alignas(64) Shard {
    std::atomic<uint64_t> value{0};
  };
  std::array<Shard, metrics_internal::kShards> shards_;
};

// Goes up and down.
class Gauge {
 public:
  void Set(int64_t value) { value_.store(value, std::memory_order_relaxed); }
  void Add(int64_t by) { value_.fetch_add(by, std::memory_order_relaxed); }
  int64_t Value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<int64_t> value_{0};
};

// Asks somebody when it is read. Without a source it has no sample.
class CallbackGauge {
 public:
  // `source` runs on the thread that scrapes, under this gauge's lock: when ClearSource returns, it runs no more.
  void SetSource(std::function<double()> source);
  void ClearSource() { SetSource(nullptr); }
  // False without a source.
  bool Read(double* value) const;

 private:
  mutable std::mutex mutex_;
  std::function<double()> source_;
};

// Counts values in fixed buckets.
class Histogram {
 public:
  // Upper bounds, ascending, without infinity.
  explicit Histogram(absl::Span<const double> bounds);

  void Observe(double value);

  struct Snapshot {
    // One per bound and one for the rest; not cumulative.
    std::vector<uint64_t> counts;
    uint64_t count = 0;
    double sum = 0;
  };
  Snapshot Read() const;
  const std::vector<double>& bounds() const { return bounds_; }

 private:
  struct alignas(64) Shard {
    std::unique_ptr<std::atomic<uint64_t>[]> counts;
    std::atomic<double> sum{0};
  };
  const std::vector<double> bounds_;
  std::array<Shard, metrics_internal::kShards> shards_;
};

// 50 microseconds to 10 seconds: calls and commits.
absl::Span<const double> LatencyBounds();

using Labels = std::vector<std::pair<std::string, std::string>>;

enum class Exposition {
  kPrometheus,   // text 0.0.4
  kOpenMetrics,  // 1.0.0
};

// The form to answer with, by the request's Accept header: OpenMetrics if it is named, else Prometheus.
Exposition ExpositionFor(std::string_view accept);
std::string_view ContentType(Exposition exposition);

class MetricsRegistry {
 public:
  MetricsRegistry();
  ~MetricsRegistry();
  MetricsRegistry(const MetricsRegistry&) = delete;
  MetricsRegistry& operator=(const MetricsRegistry&) = delete;

  // Instruments of one name form a family: same kind, same help, same label names, other label values. Breaking that, a
  // second instrument with the same labels, or a name outside [a-z_][a-z0-9_]* is a fault of the program and aborts.
  // Counters' names end in _total; units are base units and stand in the name (_seconds, _bytes).
  Counter& AddCounter(std::string_view name, std::string_view help, Labels labels = {});
  Gauge& AddGauge(std::string_view name, std::string_view help, Labels labels = {});
  CallbackGauge& AddCallbackGauge(std::string_view name, std::string_view help, Labels labels = {});
  Histogram& AddHistogram(std::string_view name, std::string_view help, absl::Span<const double> bounds,
                          Labels labels = {});

  // Everything, families in the order in which they were made.
  std::string Render(Exposition exposition) const;

 private:
  struct Family;
  struct Instrument;
  template <typename T, typename... Args>
  T& Add(std::string_view name, std::string_view help, Labels labels, Args&&... args);

  mutable std::mutex mutex_;
  std::vector<std::unique_ptr<Family>> families_;
};

}  // namespace tokenbroker
