// The broker's clock: starts at the wall clock, then counts elapsed time and drifts gently towards the wall clock.
// docs/operating.md explains the policy to those who run the broker.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>

#include "base/clock.h"

namespace tokenbroker {

// Microseconds since the Unix epoch by the machine's settable clock. Jumps when somebody sets it.
int64_t WallMicros();
// Whole seconds of the same, which may be a few milliseconds old: costs next to nothing.
int64_t WallSeconds();
// Microseconds since some fixed moment, counted through suspension. Never set, never backwards.
int64_t ElapsedMicros();

// Starts at max(wall clock, high water) and advances with elapsed time, a step of the wall clock or not. The distance
// to the wall clock is made good at no more than 500 parts in a million, so that a deadline keeps its length to 1.8
// seconds an hour whatever is done to the wall clock.
//
// Thread-safe. Now() costs one read of the elapsed time and two loads; the wall clock is looked at once in 100 ms at
// most.
class SystemClock : public Clock {
 public:
  struct Source {
    std::function<int64_t()> wall_micros = WallMicros;
    std::function<int64_t()> elapsed_micros = ElapsedMicros;
  };

  // `high_water` is the latest time that was written to disk before: the broker's time does not go back across
  // restarts.
  explicit SystemClock(TimeMs high_water = 0) : SystemClock(high_water, Source()) {}
  SystemClock(TimeMs high_water, Source source);

  TimeMs Now() const override;

  // Wall clock minus broker time. Far from zero: the wall clock was stepped, or was wrong when the broker started.
  DurationMs Offset() const;

 private:
  // The broker's time in microseconds at that moment, before the guard against going back.
  int64_t TimeAt(int64_t elapsed) const { return elapsed + shift_.load(std::memory_order_relaxed); }
  void Slew(int64_t elapsed) const;

  const Source source_;
  // Broker time minus elapsed time, in microseconds; changed by slewing alone.
  mutable std::atomic<int64_t> shift_;
  // The elapsed time at the last look at the wall clock.
  mutable std::atomic<int64_t> slewed_at_;
  // The latest answer.
  mutable std::atomic<TimeMs> latest_;
};

}  // namespace tokenbroker
