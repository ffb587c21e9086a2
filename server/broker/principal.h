// Who calls, and what they may do. Every door turns its credentials into one of these; the rules know nothing else.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"

namespace tokenbroker::broker {

enum Right : uint8_t {
  kIssue = 1,       // issue, cancel, extend
  kResolve = 2,     // heartbeat, succeed, fail by id or key
  kRead = 4,        // get, list, await, watch, peek by id or key
  kAdminister = 8,  // redrive, drop deliveries; in the namespace "*" also backup, status, subscribe
};
using Rights = uint8_t;
inline constexpr Rights kAllRights = kIssue | kResolve | kRead | kAdminister;

// Immutable once built, and alive as long as the broker: operations point to it.
struct Principal {
  // What is recorded of who did something. Callers are "key:<id>", "cert:<name>", "aws:<access key id>", "token" or
  // "anonymous"; what works by itself is "drop:<name>", "intake:<name>" or "broker".
  std::string id;
  // What holds in every namespace.
  Rights everywhere = 0;
  absl::flat_hash_map<std::string, Rights> namespaces;
  // Of a caller that nobody knows: what it may have forgotten to show. A right that it lacks is refused as
  // UNAUTHENTICATED then, since who might be anybody cannot be forbidden anything (gRPC's status codes, RFC 9110).
  std::string unknown;

  bool May(Right right, std::string_view name_space) const {
    if (everywhere & right) return true;
    if (namespaces.empty()) return false;
    auto found = namespaces.find(absl::string_view(name_space.data(), name_space.size()));
    return found != namespaces.end() && (found->second & right);
  }
};

// What the broker does by itself: it records what became of deliveries, and cancels what no engine waits for any more.
inline const Principal& BrokerItself() {
  static const Principal principal{"broker", kAllRights, {}};
  return principal;
}

}  // namespace tokenbroker::broker
