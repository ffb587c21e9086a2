// Shows settings to people.
#pragma once

#include <string>

#include "server/config/load.h"

namespace tokenbroker {

// Every setting with its value, as a file that --config takes; with `origins`, each with a comment saying where it came
// from.
std::string PrintConfig(const LoadedConfig& loaded, bool origins);

// The reference in docs/operating.md, as Markdown. A test keeps the two equal.
std::string ConfigReference();

// The flags, one line each, for --help.
std::string FlagHelp(ConfigMode mode);

}  // namespace tokenbroker
