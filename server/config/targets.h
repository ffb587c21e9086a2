// The map `targets`, which only the file can hold.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "server/config/config.h"
#include "server/config/yaml_tree.h"

namespace tokenbroker {

// Adds to `errors` what is wrong, one line each, with the place in `source`, and to `origins` the place of each target
// and of each of its settings. What a kind's own settings must be is checked where targets are made.
std::vector<TargetConfig> ReadTargets(const YamlNode& node, const std::string& source,
                                      std::map<std::string, std::string>& origins, std::vector<std::string>& errors);

// "none", "webhook", "step_functions", "subscriber".
std::string_view TargetKindName(TargetKind kind);

}  // namespace tokenbroker
