// One GET on a port of this machine.
#pragma once

#include <optional>
#include <string>

namespace tokenbroker::testing {

// The whole answer, headers included; empty if nobody answers.
std::string HttpGet(int port, const std::string& path);
// The body, if the answer is 200.
std::optional<std::string> HttpBody(int port, const std::string& path);

}  // namespace tokenbroker::testing
