// The broker at the other end of a gRPC channel.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "cli/broker.h"
#include "cli/settings.h"

namespace tokenbroker::cli {

// Opens no connection yet: an unreachable broker shows with the first call. INVALID_ARGUMENT when a key or certificate
// file cannot be read or used.
absl::StatusOr<std::shared_ptr<Broker>> Connect(const Settings& settings);

}  // namespace tokenbroker::cli
