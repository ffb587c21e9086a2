// The API key, fit to travel in a header.
#pragma once

#include <string>

#include "absl/status/statusor.h"

namespace tokenbroker::cli {

// `text` without a byte order mark and the white space around it. INVALID_ARGUMENT when nothing is left, or anything
// but printable ASCII is: gRPC ends the process over such a header, and prints it. The message names `source`, never
// the key.
absl::StatusOr<std::string> ApiKeyFrom(const std::string& source, const std::string& text);

// The key in a file.
absl::StatusOr<std::string> ReadApiKeyFile(const std::string& path);

}  // namespace tokenbroker::cli
