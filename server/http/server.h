// An HTTP/1.1 server that knows nothing of the broker: doors are routes on it.
//
//   http::Router router;
//   TB_RETURN_IF_ERROR(router.Add({.method = http::Method::kGet, .path = "/v1/tasks/{id}", .handle = Look}));
//   TB_ASSIGN_OR_RETURN(auto server, http::Server::Start({.listen = "127.0.0.1:8433"}, std::move(router)));
//   ...
//   server->Shutdown(grace);
//
// What it takes and refuses, and what each connection may cost, stands in options.h; how a handler answers in
// exchange.h.
#pragma once

#include <cstdint>
#include <memory>

#include "absl/status/statusor.h"
#include "server/http/observer.h"
#include "server/http/options.h"
#include "server/http/router.h"

namespace tokenbroker::http {

class Server {
 public:
  // Listens and answers from then on. INVALID_ARGUMENT for an address or a file that is none, UNAVAILABLE if the
  // address cannot be listened on.
  static absl::StatusOr<std::unique_ptr<Server>> Start(ServerOptions options, Router router);

  // Shutdown(0).
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  uint16_t port() const;
  int connections() const;

  // Takes no more connections, closes those that are idle, and the others when their exchange has ended.
  void Drain();

  // Drains, waits so long for exchanges to end, closes what is left (listeners are told), and ends the threads. After
  // it no handler and no listener runs; exchanges may still be answered, to nobody. Once; not from a handler.
  void Shutdown(DurationMs grace);

  // Looks at the TLS files now, instead of when reload_interval is over. Returns when it is done.
  absl::Status ReloadTls();

  // For tests, whose clock moves when they say so. Returns when all deadlines that have passed are dealt with.
  void FireDeadlines();

 private:
  class Impl;
  explicit Server(std::unique_ptr<Impl> impl);
  const std::unique_ptr<Impl> impl_;
};

}  // namespace tokenbroker::http
