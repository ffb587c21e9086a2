// Runs a broker until SIGTERM or SIGINT.
#pragma once

#include <functional>

#include "server/broker_host.h"
#include "server/config/config.h"

namespace tokenbroker {

// The process's exit code. `ready` is told once calls are taken. A second signal ends the process at once; nothing that was acknowledged is
// lost by that.
int Serve(const Config& config, const std::function<void(const BrokerHost&)>& ready);

}  // namespace tokenbroker
