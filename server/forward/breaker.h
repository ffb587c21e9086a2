// Keeps away from a target that is down: after some failures in a row it opens, nothing is sent for a while, then one
// delivery at a time probes (half open) until one finds the target alive.
//
//   closed ──failures in a row──▶ open ──time──▶ half open ──alive──▶ closed
//                                  ▲               │
//                                  └────failure────┘   (longer each time, up to a limit)
//
// Pure; not thread-safe.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/clock.h"

namespace tokenbroker::forward {

class Breaker {
 public:
  enum class State : uint8_t { kClosed, kOpen, kHalfOpen };

  struct Options {
    int failures = 5;
    DurationMs open_for = 1'000;
    DurationMs open_for_max = 60'000;
  };

  explicit Breaker(Options options) : options_(options) {}

  // How many tries may be under way at once at this time.
  int Allowed(TimeMs now, int max) const {
    return StateAt(now) == State::kClosed ? max : now < until_ ? 0 : std::min(1, max);
  }
  State StateAt(TimeMs now) const {
    if (!open_) return State::kClosed;
    return now < until_ ? State::kOpen : State::kHalfOpen;
  }
  // When it lets one through again; in the past unless it is open.
  TimeMs until() const { return until_; }

  // `spread`: 0 to 1, so that many brokers do not probe at once.
  void Failed(TimeMs now, double spread);
  void Alive();

 private:
  Options options_;
  bool open_ = false;
  int failures_ = 0;
  int opened_ = 0;  // in a row
  TimeMs until_ = 0;
};

}  // namespace tokenbroker::forward
