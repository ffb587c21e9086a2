// The gRPC door: the services of the contract, health and reflection, on one address.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "server/calls/door.h"
#include "server/config/config.h"

namespace grpc {
class Channel;
}

namespace tokenbroker::rpc {

class RpcServer {
 public:
  // Serves from now on. UNAVAILABLE if the address cannot be listened on, INVALID_ARGUMENT if the TLS files cannot be
  // read.
  static absl::StatusOr<std::unique_ptr<RpcServer>> Start(calls::Door door, const GrpcConfig& grpc,
                                                          const TlsConfig& tls);
  // Shutdown(0), if it was not called.
  ~RpcServer();
  RpcServer(const RpcServer&) = delete;
  RpcServer& operator=(const RpcServer&) = delete;

  int port() const;

  // Health says NOT_SERVING, streams end with DRAINING. Calls go on.
  void BeginDrain();
  // Refuses new calls with DRAINING, waits for those under way, and after `timeout` breaks them off; then closes all
  // connections. The committer must still run.
  void Shutdown(DurationMs timeout);

  // For tests: a connection without a socket.
  std::shared_ptr<grpc::Channel> InProcessChannel();

 private:
  struct Impl;
  explicit RpcServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace tokenbroker::rpc
