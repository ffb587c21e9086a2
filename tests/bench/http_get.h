#pragma once

#include <optional>
#include <string>

namespace tokenbroker::benchmarks {

// The body of http://127.0.0.1:port/path if the answer is 200.
std::optional<std::string> HttpGet(int port, const std::string& path);

}  // namespace tokenbroker::benchmarks
