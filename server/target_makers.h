// From configured targets to those that the forwarder sends to: the only place that knows every kind.
#pragma once

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "server/config/config.h"
#include "server/forward/forwarder.h"

namespace tokenbroker {

// INVALID_ARGUMENT names the setting that is wrong.
absl::StatusOr<std::vector<forward::NamedTarget>> MakeTargets(const Config& config);

}  // namespace tokenbroker
