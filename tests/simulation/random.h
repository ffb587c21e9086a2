// The choices of a simulation: all of them follow from its seed.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <random>

#include "base/clock.h"

namespace tokenbroker::broker {

class Random {
 public:
  explicit Random(uint64_t seed) : engine_(seed) {}
  uint64_t Below(uint64_t n) { return engine_() % n; }
  bool Chance(int percent) { return Below(100) < static_cast<uint64_t>(percent); }
  DurationMs Between(DurationMs low, DurationMs high) { return low + static_cast<DurationMs>(Below(high - low + 1)); }
  template <typename T>
  T OneOf(std::initializer_list<T> values) {
    return values.begin()[Below(values.size())];
  }

 private:
  std::mt19937_64 engine_;
};

}  // namespace tokenbroker::broker
