// One run: a broker under a clock of its own, random clients, random trouble, and a model that watches.
//
// Everything follows from the seed: run it again and the same happens, down to the last byte of the log. The trouble
// is: crashes at any moment, also between append and answer; writes that fail, on the disk or not; checkpoints small
// enough to happen all the time; records that are copied and dropped soon; answers that get lost, so that calls are
// repeated; slow readers; jumps of the clock; long downtimes.
#pragma once

#include <cstdint>
#include <string>

#include "base/clock.h"

namespace tokenbroker::broker {

struct SimulationReport {
  // What was wrong, and at which step; empty if nothing was.
  std::string wrong;
  // Of every reply, every change and every byte of the log.
  uint64_t trace = 0;
  DurationMs simulated = 0;
  uint64_t calls = 0;
  uint64_t tasks = 0;
  uint64_t crashes = 0;
  uint64_t failed_writes = 0;
  // Outcomes that arrived at their target, and how often they were sent.
  uint64_t delivered = 0;
  uint64_t sends = 0;
};

// `verbose` prints every step.
SimulationReport RunSimulation(uint64_t seed, int steps, bool verbose = false);

}  // namespace tokenbroker::broker
