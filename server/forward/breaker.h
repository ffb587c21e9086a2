// Keeps away from a target that is down: it opens, nothing is sent for a while, then a few tries probe (half open)
// until one finds the target alive.
//
//   closed ──down──▶ open ──time──▶ half open ──alive──▶ closed
//                     ▲               │
//                     └────failure────┘   (longer each time, up to a limit)
//
// What one target refuses for one outcome's or task's own sake looks like a target that is down, and is told from it by
// what becomes of the others. So each outcome counts once, with its first failure, and only as long as the target has
// taken no other since. That is `failures` of them and no sign of life for `quiet_for`, or `failures_at_once` of them,
// however quickly they came.
//
// Pure; not thread-safe.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>

#include "base/clock.h"

namespace tokenbroker::forward {

class Breaker {
 public:
  enum class State : uint8_t { kClosed, kOpen, kHalfOpen };

  struct Options {
    int failures = 5;
    DurationMs quiet_for = 10'000;
    int failures_at_once = 64;
    DurationMs open_for = 1'000;
    DurationMs open_for_max = 10'000;
  };

  // At a time, while half open: one of those that have failed before, and one of the others. Who sends sees to that.
  static constexpr int kProbes = 2;

  explicit Breaker(Options options) : options_(options) {}

  // How many tries may be under way at once at this time.
  int Allowed(TimeMs now, int max) const {
    return StateAt(now) == State::kClosed ? max : now < until_ ? 0 : std::min(kProbes, max);
  }
  State StateAt(TimeMs now) const {
    if (!open_) return State::kClosed;
    return now < until_ ? State::kOpen : State::kHalfOpen;
  }
  // When it lets some through again; in the past unless it is open.
  TimeMs until() const { return until_; }

  // A try failed. `again`: of what had failed before, which is no news, but for a probe. `spread`: 0 to 1, so that many
  // brokers do not probe at once.
  void Failed(TimeMs now, bool again, double spread);
  void Alive(TimeMs now);

 private:
  bool SeemsDown(TimeMs now) const;

  Options options_;
  bool open_ = false;
  int failures_ = 0;
  TimeMs alive_at_ = std::numeric_limits<TimeMs>::min() / 2;  // so long ago that nothing is known
  int opened_ = 0;                                            // in a row
  TimeMs until_ = 0;
};

}  // namespace tokenbroker::forward
