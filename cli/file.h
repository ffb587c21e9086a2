// Reading files, standard input and other descriptors, up to 16 MiB.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace tokenbroker::cli {

// A path for a message: one that may be a token, in the wrong place, is not shown.
std::string ShownPath(const std::string& path);

// INVALID_ARGUMENT with path and cause when it cannot be read.
absl::StatusOr<std::string> ReadFile(const std::string& path);

// A file with one line, such as a key or a token: without the white space around it. Refuses an empty one.
absl::StatusOr<std::string> ReadSecretFile(const std::string& path);

// Whether a rename may put a file at `path`: nothing is there, or a regular file. INVALID_ARGUMENT for anything else: a
// device, a FIFO or a symbolic link would be gone.
absl::Status CheckReplaceable(const std::string& path);

// Replaces the file in one step: a reader, and whoever comes after a power cut, sees the old content or the new. Checks
// as above.
absl::Status ReplaceFile(const std::string& path, const std::string& content);

absl::StatusOr<std::string> ReadAll(int fd);

// Up to a newline or the end, and not a byte further: what follows is left for others, such as a child process.
absl::StatusOr<std::string> ReadLine(int fd);

std::string Trim(const std::string& text);

}  // namespace tokenbroker::cli
