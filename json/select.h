// The value that a path leads to.
#pragma once

#include <optional>
#include <string_view>

#include "base/json_path.h"

namespace tokenbroker::json {

// As it stands in the text, which CheckJson has found to be JSON; nothing if it is not there. Of members of one name
// the last counts, as for most readers.
std::optional<std::string_view> Select(std::string_view checked, const JsonPath& path);

}  // namespace tokenbroker::json
