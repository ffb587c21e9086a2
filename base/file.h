// Files that are read whole, and written so that they outlast a power cut. The message of an error is the reason alone
// ("No such file or directory"), with the code that fits it: callers say which file it was, and what for.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace tokenbroker {

// OUT_OF_RANGE if there are more than `max_bytes`, which is told of endless ones such as /dev/zero, too.
absl::StatusOr<std::string> ReadFile(const std::string& path, size_t max_bytes);
// The same, from where the descriptor stands.
absl::StatusOr<std::string> ReadAll(int fd, size_t max_bytes);

// All of them, or an error; then some may be written.
absl::Status WriteAll(int fd, std::string_view bytes);

// Makes a rename or a new name in the folder outlast a power cut. A file system that cannot say so is taken at its
// word. UNAVAILABLE says that it was the folder.
absl::Status SyncFolder(int folder);

// Makes a file of these bytes in place of the one that is there, if one is. In one step: a reader, or whoever comes
// after a crash, finds the old file or the whole new one; and when this returns OK, the new one, even after a power
// cut. `mode` is the new file's, less the umask. The draft stands beside it, with ".new" behind its name: one writer at
// a time.
absl::Status ReplaceFile(const std::string& path, std::string_view bytes, mode_t mode);

}  // namespace tokenbroker
