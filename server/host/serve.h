// Runs a broker until SIGTERM or SIGINT.
#pragma once

#include <functional>

#include "server/config/config.h"
#include "server/config/load.h"
#include "server/host/broker_host.h"

namespace tokenbroker {

// The process's environment without what is no setting but for tests and benchmarks.
Environment SettingsEnvironment();

// The configuration, with everything that is wrong with it: what Serve could not run with is refused here.
absl::StatusOr<LoadedConfig> LoadForServing(ConfigMode mode, const std::vector<std::string>& args);

// The process's exit code. `ready` is told once calls are taken. A second signal ends the process at once; nothing that
// was acknowledged is lost by that.
int Serve(const Config& config, const std::function<void(const BrokerHost&)>& ready);

}  // namespace tokenbroker
