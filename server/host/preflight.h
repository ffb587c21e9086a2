// What is wrong with a configuration as far as only the broker's parts and this machine can tell: settings of targets
// and intakes, files that are not there or do not fit. `serve` and `config check` ask the same here, and the parts
// themselves answer: what is checked is what would be used.
//
//   LoadConfig(mode, args, environment, [](const Config& config) { return Preflight(config, ProcessEnvironment()); });
#pragma once

#include <vector>

#include "server/config/config.h"
#include "server/config/load.h"

namespace tokenbroker {

// `environment` is the process's: secrets and AWS regions may stand there. Nothing is written, and nothing asked for
// over the network.
std::vector<ConfigFault> Preflight(const Config& config, const Environment& environment);

}  // namespace tokenbroker
