// Makes a Config from what the person who runs the broker wrote:
//
//   defaults  <  preset of the mode  <  YAML file (--config FILE)  <  environment  <  flags
//
// A setting has one name: `grpc.listen` in the file is TOKENBROKER_GRPC_LISTEN in the environment and --grpc-listen on
// the command line. Whatever is not understood is refused, with the nearest name that is.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/config/config.h"

namespace tokenbroker {

enum class ConfigMode {
  // `tokenbroker dev`: for a first try and for tests. Nothing has to be set. Takes --data DIR for
  // --storage-path; without either the path stays empty, and the caller makes a temporary folder and removes it at the
  // end.
  kDev,
  // `tokenbroker serve`.
  kServe,
};

using Environment = std::vector<std::pair<std::string, std::string>>;

struct LoadedConfig {
  Config config;
  // By the setting's name, where its value came from: "serve.yaml:3:11", "TOKENBROKER_GRPC_LISTEN", "--grpc-listen",
  // "dev". What is not here has its default.
  std::map<std::string, std::string> origins;
};

// A setting, such as "targets.sfn.region", and the rule that it breaks.
struct ConfigFault {
  std::string setting;
  std::string what;

  friend bool operator==(const ConfigFault&, const ConfigFault&) = default;
};

// Judges what this layer cannot: settings that others read, and what they name on this machine.
using ConfigCheck = std::function<std::vector<ConfigFault>(const Config& config)>;

// `args` is the command line behind the subcommand. Reads the file that --config names and nothing else from disk.
// INVALID_ARGUMENT lists everything that is wrong, also what `check` finds, one line each: setting, rule, and where the
// value came from. A setting that cannot be read at all is not judged further.
absl::StatusOr<LoadedConfig> LoadConfig(ConfigMode mode, const std::vector<std::string>& args,
                                        const Environment& environment, const ConfigCheck& check = nullptr);

// "setting: what (origin)"; the origin is that of the setting, or else of what it stands in.
std::string DescribeFault(const LoadedConfig& loaded, const ConfigFault& fault);

// The file's layer alone, over the defaults. Survives any input. `source` names the file in errors and origins.
absl::StatusOr<LoadedConfig> ParseConfigYaml(std::string_view text, std::string_view source = "config");

// The process's environment, for LoadConfig.
Environment ProcessEnvironment();

}  // namespace tokenbroker
