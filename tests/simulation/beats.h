// One run of heartbeats on their way upstream: a broker with its beater under a clock of its own, workers that beat as
// often as they like or fall silent, and an engine that counts from the last beat it has heard, behind a line that
// loses requests and replies, throttles, or is down; and crashes and restarts. Everything follows from the seed.
#pragma once

#include <cstdint>
#include <string>

#include "base/clock.h"

namespace tokenbroker::broker {

struct BeatsReport {
  // What was wrong, and at which step; empty if nothing was.
  std::string wrong;
  // Of every beat at the engine, with its answer.
  uint64_t trace = 0;
  DurationMs simulated = 0;
  uint64_t tasks = 0;
  // Beats of workers, and what became of them upstream.
  uint64_t local = 0;
  uint64_t upstream = 0;
  // Tasks that were cancelled because their engine had given them up.
  uint64_t cancelled = 0;
  uint64_t crashes = 0;
};

BeatsReport SimulateBeats(uint64_t seed, int steps);

}  // namespace tokenbroker::broker
