// How long to wait after failures in a row: doubling, with a random part of it taken (full jitter), so that pollers
// that failed together do not come back together.
#pragma once

#include <algorithm>

#include "base/clock.h"

namespace tokenbroker::intake {

inline constexpr DurationMs kFirstBackoff = 1'000;
inline constexpr DurationMs kLongestBackoff = 60'000;
// Never nothing: a poller that fails at once must not spin.
inline constexpr DurationMs kShortestBackoff = 100;

// `failures` from 1; `random` in [0, 1).
inline DurationMs Backoff(int failures, double random) {
  const DurationMs limit = std::min(kLongestBackoff, kFirstBackoff << std::min(failures - 1, 10));
  return std::max(kShortestBackoff, static_cast<DurationMs>(static_cast<double>(limit) * random));
}

}  // namespace tokenbroker::intake
