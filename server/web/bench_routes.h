// What the HTTP server costs without a broker, for benchmarks: takes a body, answers what a door would.
#pragma once

#include "absl/status/status.h"
#include "server/http/router.h"

namespace tokenbroker::web {

// POST /bench/rest, POST /bench/aws.
absl::Status AddBenchRoutes(http::Router& router);

}  // namespace tokenbroker::web
