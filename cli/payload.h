// Texts given on the command line: as they are, as "@file", or as "-" for standard input.
#pragma once

#include <string>

#include "absl/status/statusor.h"

namespace tokenbroker::cli {

// The text meant by `argument`. A text that itself begins with "@" is written to a file first, or piped.
absl::StatusOr<std::string> ReadText(const std::string& argument, int in);

// The same for JSON, without the white space around it and otherwise byte for byte. `flag` is named in the error.
absl::StatusOr<std::string> ReadJson(const std::string& flag, const std::string& argument, int in);

}  // namespace tokenbroker::cli
