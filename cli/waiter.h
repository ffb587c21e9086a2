// The only place where this program sleeps, and its source of time for budgets. Tests put a waiter here that does not.
#pragma once

#include <cstdint>
#include <functional>

#include "base/clock.h"

namespace tokenbroker::cli {

// Now() is monotonic and has no relation to the time of day.
class Waiter : public Clock {
 public:
  // Returns after `span`, or early with false when the user wants the program to stop.
  virtual bool Wait(DurationMs span) = 0;
};

class SystemWaiter : public Waiter {
 public:
  TimeMs Now() const override;
  bool Wait(DurationMs span) override;
};

// The time of day.
class WallClock : public Clock {
 public:
  TimeMs Now() const override;
};

// Uniform 64-bit numbers, fit for identifiers.
using Random = std::function<uint64_t()>;
Random SystemRandom();

}  // namespace tokenbroker::cli
