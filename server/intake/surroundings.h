// What every intake works with. All of it outlives the intakes and their answers.
#pragma once

#include <functional>

#include "base/backoff.h"
#include "server/calls/door.h"
#include "server/intake/workload.h"
#include "server/outbound/timers.h"

namespace tokenbroker::intake {

// `timers` and the HTTP client run jobs and answers on one thread, one at a time: on it the intakes live.
struct Surroundings {
  const calls::Door& door;
  outbound::Timers& timers;
  const Clock& clock;
  // In [0, 1).
  std::function<double()> random;
  Home& home;
  // Calls to the broker that are under way.
  Workload& calls;
  // Messages and tasks that were taken and not finished.
  Workload& hands;

  // How long to wait after so many failures in a row, from 1. Never not at all: what fails at once must not spin.
  DurationMs WaitAfter(int failures) const {
    return Backoff({.base = 1'000, .max = 60'000, .least = 100}, failures, random());
  }
};

}  // namespace tokenbroker::intake
