// Calls at a fixed rate, whether or not earlier ones were answered. Latency counts from when a call should have begun,
// so that a server that falls behind is not forgiven for the calls that it kept from being made.
#pragma once

#include <string>

#include "tests/bench/latency.h"
#include "tests/bench/options.h"

namespace tokenbroker::benchmarks {

struct OpenLoopResult {
  Latency latency;
  uint64_t wrong = 0;
};

// Issues tasks, so many a second, spread over so many channels.
OpenLoopResult IssueAtRate(const std::string& target, int channels, double per_second, Seconds warm_up, Seconds run);

}  // namespace tokenbroker::benchmarks
