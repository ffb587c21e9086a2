// Where a broker can be called.
#pragma once

#include <string>

#include "absl/status/status.h"

namespace tokenbroker::cli {

// OK for "host:port", "[v6 address]:port" and "unix:path". INVALID_ARGUMENT with the rule for anything else: gRPC takes
// a missing port for 0 and a larger one modulo 65536, and looks a URL up as a name.
absl::Status CheckAddress(const std::string& address);

}  // namespace tokenbroker::cli
