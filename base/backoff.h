// How long to wait before the next try: doubles with each, up to a limit, and of that a random part ("full jitter"), so
// that what failed together is not tried together.
#pragma once

#include <algorithm>

#include "base/clock.h"

namespace tokenbroker {

struct BackoffOptions {
  DurationMs base = 1'000;
  DurationMs max = 300'000;
  // However little the random part is.
  DurationMs least = 0;
};

// After `tries` failed tries, from 1; `random`: 0 to 1.
inline DurationMs Backoff(const BackoffOptions& options, int tries, double random) {
  const int doublings = std::min(tries - 1, 30);
  const double longest =
      std::min(static_cast<double>(options.max), static_cast<double>(options.base) * (int64_t{1} << doublings));
  return std::max(options.least, static_cast<DurationMs>(longest * random));
}

}  // namespace tokenbroker
