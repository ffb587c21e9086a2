// What is percent-encoded in a request line, decoded exactly once.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace tokenbroker::http {

// Appends the decoded text. False, with anything appended, if an escape is incomplete or stands for NUL.
bool AppendDecoded(std::string_view encoded, std::string& out);

using QueryParameters = std::vector<std::pair<std::string, std::string>>;

// name=value pairs in the order in which they came; '+' is a space. INVALID_ARGUMENT for bad escapes or more than
// 100 pairs.
absl::StatusOr<QueryParameters> ParseQuery(std::string_view query);

}  // namespace tokenbroker::http
