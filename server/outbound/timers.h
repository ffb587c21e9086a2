// Something that is to happen later: the seam that lets tests and simulations move time.
#pragma once

#include <functional>
#include <map>
#include <utility>

#include "base/clock.h"

namespace tokenbroker::outbound {

// Thread-safe.
class Timers {
 public:
  virtual ~Timers() = default;
  // Runs the job once, not before so long, on any thread; not at all if the timers end before. It must not block.
  virtual void After(DurationMs time, std::function<void()> job) = 0;
};

// Timers on a clock that a test moves. Not thread-safe.
class ManualTimers : public Timers {
 public:
  explicit ManualTimers(ManualClock& clock) : clock_(clock) {}

  void After(DurationMs time, std::function<void()> job) override {
    jobs_.emplace(clock_.Now() + time, std::move(job));
  }

  // Moves the clock and runs what falls due on the way, each at its time.
  void Advance(DurationMs by) {
    const TimeMs end = clock_.Now() + by;
    while (!jobs_.empty() && jobs_.begin()->first <= end) {
      auto next = jobs_.extract(jobs_.begin());
      if (next.key() > clock_.Now()) clock_.Set(next.key());
      next.mapped()();
    }
    clock_.Set(end);
  }

  size_t size() const { return jobs_.size(); }

 private:
  ManualClock& clock_;
  std::multimap<TimeMs, std::function<void()>> jobs_;
};

}  // namespace tokenbroker::outbound
