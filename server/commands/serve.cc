// `tokenbroker serve --config FILE`.

#include "server/host/serve.h"

#include <iostream>

#include "server/commands/commands.h"
#include "server/config/load.h"

namespace tokenbroker {

int ServeCommand(const Arguments& args) {
  absl::StatusOr<LoadedConfig> loaded = LoadForServing(ConfigMode::kServe, args);
  if (!loaded.ok()) {
    std::cerr << loaded.status().message() << "\n";
    return kExitUsage;
  }
  return Serve(loaded->config, [](const BrokerHost&) {});
}

}  // namespace tokenbroker
