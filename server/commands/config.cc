// `tokenbroker config print|check [--config FILE] [flags]`: what `serve` would run with.

#include <iostream>

#include "server/commands/commands.h"
#include "server/config/load.h"
#include "server/config/print.h"
#include "server/host/serve.h"

namespace tokenbroker {

int ConfigCommand(const Arguments& args) {
  const std::string verb = args.empty() ? "" : args[0];
  if (verb != "print" && verb != "check") {
    std::cerr << "usage: tokenbroker config print|check [--config FILE] [flags of serve]\n";
    return kExitUsage;
  }
  const Arguments rest(args.begin() + 1, args.end());
  // What is printed may be meant for another machine.
  absl::StatusOr<LoadedConfig> loaded = verb == "print" ? LoadConfig(ConfigMode::kServe, rest, SettingsEnvironment())
                                                        : LoadForServing(ConfigMode::kServe, rest);
  if (!loaded.ok()) {
    std::cerr << loaded.status().message() << "\n";
    return kExitUsage;
  }
  std::cout << (verb == "print" ? PrintConfig(*loaded, /*origins=*/true) : "The configuration is good.\n");
  return EXIT_SUCCESS;
}

}  // namespace tokenbroker
