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

// Keeps what gRPC and protobuf write to standard error by themselves away from there, unless GRPC_VERBOSITY asks for
// it: our own messages say what is wrong, and theirs may quote what a request holds.
void QuietLibraries(const Environment& environment);

}  // namespace tokenbroker::cli
