// The broker's HTTP client without the broker: what it can send at most. The bodies are those of SendTaskSuccess; they
// are not signed.
#pragma once

#include <cstdint>
#include <string>

#include "tests/bench/latency.h"
#include "tests/bench/options.h"

namespace tokenbroker::benchmarks {

// The stub must know so many tasks: they are sent round and round.
inline constexpr uint64_t kBareTasks = 100'000;

struct BareResult {
  double rate = 0;
  // From Send to the answer.
  Latency latency;
};

// So many calls under way at once. Throws if one is not answered with 200.
BareResult SendBare(const std::string& url, int under_way, Seconds warm_up, Seconds run);
// At fixed times, whether or not earlier ones were answered.
BareResult SendBareAtRate(const std::string& url, double per_second, Seconds warm_up, Seconds run);

}  // namespace tokenbroker::benchmarks
