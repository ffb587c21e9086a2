// Closed loops over HTTP connections that are kept alive: as many requests as there are connections are always under
// way.
#pragma once

#include <sys/types.h>

#include <string>

#include "tests/bench/http_traffic.h"
#include "tests/bench/load.h"

namespace tokenbroker::benchmarks {

// `shape.channels` connections; `outstanding` must be 1.
LoadResult RunHttpLoad(const std::string& what, HttpTraffic& traffic, int port, pid_t server, const LoadShape& shape);

// NDJSON: `shape.channels` streams, each with so many unanswered lines of a hundred settlements as the shape says.
LoadResult RunLineLoad(const std::string& what, TokenPool& tokens, int port, pid_t server, const LoadShape& shape);

}  // namespace tokenbroker::benchmarks
