// Who counts what a server does. Called on the server's threads: thread-safe, and short.
#pragma once

#include <cstdint>

namespace tokenbroker::http {

struct Route;

// Why a connection ended before its time.
enum class Hangup : uint8_t { kTooMany, kEvicted, kHandshake, kTooSlow, kReset, kUnsent };

class Observer {
 public:
  virtual ~Observer() = default;
  // `route` is nullptr for requests that found none. `status` is 499 if the peer left before it was answered. `micros`
  // from the complete head until the answer is composed: how fast it is read does not count.
  virtual void OnAnswered(const Route* route, int status, int64_t micros) {}
  virtual void OnConnections(int delta) {}
  virtual void OnHangup(Hangup why) {}
};

}  // namespace tokenbroker::http
