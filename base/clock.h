// Time as a dependency: whoever decides by what time it is takes a Clock. How long things take anybody may measure.
#pragma once

#include <cstdint>

namespace tokenbroker {

// Milliseconds since the Unix epoch, on the broker's clock.
using TimeMs = int64_t;
// A span in milliseconds.
using DurationMs = int64_t;

// Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  // Never smaller than an earlier answer, to any thread.
  virtual TimeMs Now() const = 0;
};

// A clock that stands still until told otherwise. For tests and the simulation.
class ManualClock : public Clock {
 public:
  explicit ManualClock(TimeMs now) : now_(now) {}
  TimeMs Now() const override { return now_; }
  void Advance(DurationMs by) { now_ += by; }
  void Set(TimeMs now) { now_ = now; }

 private:
  TimeMs now_;
};

}  // namespace tokenbroker
