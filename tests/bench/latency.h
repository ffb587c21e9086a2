// Latencies in buckets that are 1/64 of their value wide: a quantile is at most 1.6 % too large.
#pragma once

#include <array>
#include <bit>
#include <cstdint>

namespace tokenbroker::benchmarks {

class Latency {
 public:
  void Add(uint64_t nanoseconds) {
    ++counts_[Bucket(nanoseconds)];
    ++count_;
  }

  void Merge(const Latency& other) {
    for (size_t i = 0; i < kBuckets; ++i) counts_[i] += other.counts_[i];
    count_ += other.count_;
  }

  uint64_t count() const { return count_; }

  // The upper end of the bucket that holds the quantile, in microseconds. 0 if nothing was added.
  double QuantileUs(double quantile) const {
    const double wanted = quantile * static_cast<double>(count_);
    uint64_t seen = 0;
    for (size_t i = 0; i < kBuckets; ++i) {
      seen += counts_[i];
      if (counts_[i] > 0 && static_cast<double>(seen) >= wanted) return static_cast<double>(UpperEnd(i)) / 1000;
    }
    return 0;
  }

 private:
  static constexpr int kBits = 6;
  static constexpr uint64_t kPart = uint64_t{1} << kBits;
  static constexpr size_t kBuckets = (64 - kBits + 1) << kBits;

  // Values below kPart have buckets of their own; above, the highest kBits + 1 bits choose.
  static size_t Bucket(uint64_t value) {
    if (value < kPart) return value;
    const int shift = 63 - std::countl_zero(value) - kBits;
    return (static_cast<size_t>(shift + 1) << kBits) + ((value >> shift) - kPart);
  }
  static uint64_t UpperEnd(size_t bucket) {
    if (bucket < kPart) return bucket;
    const int shift = static_cast<int>(bucket >> kBits) - 1;
    return ((bucket & (kPart - 1)) + kPart + 1) << shift;
  }

  std::array<uint32_t, kBuckets> counts_{};
  uint64_t count_ = 0;
};

}  // namespace tokenbroker::benchmarks
