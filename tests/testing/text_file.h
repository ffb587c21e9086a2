// Files that are read whole.
#pragma once

#include <cstddef>
#include <string>

namespace tokenbroker::testing {

// `otherwise` if it cannot be read.
std::string ReadFileOr(const std::string& path, const std::string& otherwise);
// The last bytes of a file, to be shown.
std::string TailOf(const std::string& path, size_t bytes = 3000);

}  // namespace tokenbroker::testing
