// The way to the Step Functions behind the broker, for tokens that the broker does not know. Who wires it gives a
// function: this layer knows no HTTP client.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tokenbroker::aws {

// An answer as it came from there.
struct Relayed {
  int status = 200;
  std::string content_type;
  // Names are literals.
  std::vector<std::pair<std::string_view, std::string>> headers;
  std::string body;
};

// Passes the body on, unchanged, under the operation's name. `done` is called at most once, on any thread, perhaps
// before it returns.
using Relay = std::function<void(std::string_view operation, std::string body, std::function<void(Relayed)> done)>;

}  // namespace tokenbroker::aws
