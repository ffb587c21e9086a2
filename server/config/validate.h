// The rules between settings; the rules of single ones are in settings.cc.
#pragma once

#include "absl/status/status.h"
#include "server/config/load.h"

namespace tokenbroker {

// INVALID_ARGUMENT lists every broken rule, one line each, with where the values came from. LoadConfig has called it
// already.
absl::Status ValidateConfig(ConfigMode mode, const LoadedConfig& loaded);

}  // namespace tokenbroker
