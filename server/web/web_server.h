// The HTTP door: REST and whatever else stands on the same address.
#pragma once

#include <cstdint>
#include <memory>

#include "absl/status/statusor.h"
#include "server/aws/relay.h"
#include "server/calls/door.h"
#include "server/config/config.h"
#include "server/intake/event_rules.h"

namespace tokenbroker::web {

class WebServer {
 public:
  // Serves from now on. UNAVAILABLE if the address cannot be listened on, INVALID_ARGUMENT if the TLS files or a secret
  // of auth.aws_keys cannot be read. `relay` takes AWS calls for tokens that nobody here knows; nullptr: they are
  // refused. `events` says which events make tasks; nullptr: none. Both must outlive the server.
  static absl::StatusOr<std::unique_ptr<WebServer>> Start(const calls::Door& door, const Config& config,
                                                          aws::Relay relay = nullptr,
                                                          const intake::EventRules* events = nullptr);
  // Shutdown(0), if it was not called.
  ~WebServer();
  WebServer(const WebServer&) = delete;
  WebServer& operator=(const WebServer&) = delete;

  int port() const;

  // Takes no new connections; streams end with DRAINING. Requests under way go on.
  void BeginDrain();
  // Waits so long for requests under way, then closes everything. The committer must still run.
  void Shutdown(DurationMs timeout);

 private:
  struct Impl;
  explicit WebServer(std::unique_ptr<Impl> impl);
  const std::unique_ptr<Impl> impl_;
};

}  // namespace tokenbroker::web
