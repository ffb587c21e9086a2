// The disk alone as a server of calls: what callers would wait for if there were nothing else.
#pragma once

#include <cstddef>
#include <string>

#include "tests/bench/latency.h"
#include "tests/bench/options.h"

namespace tokenbroker::benchmarks {

// Calls come at a fixed rate for so long. One thread appends so many bytes for each that is due, syncs once for all,
// and begins anew. Latency counts from when a call was due, as in open_loop.h.
Latency SyncAtRate(const std::string& folder, size_t bytes, double per_second, Seconds time);

}  // namespace tokenbroker::benchmarks
