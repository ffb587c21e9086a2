// A gRPC service as a table of methods, each in bytes:
//
//   MethodTable resolver(shared, "tokenbroker.v1.ResolverService");
//   resolver.Unary<calls::HeartbeatCall>("Heartbeat");
//   resolver.Stream("SettleStream", [](StreamCall::Parts parts) { return new SettleStreamCall(std::move(parts)); });
//
// Register it with the server, then Listen on each thread.
#pragma once

#include <grpcpp/impl/codegen/service_type.h>

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "server/calls/door.h"
#include "server/calls/streams.h"
#include "server/rpc/network_thread.h"
#include "server/rpc/stream_call.h"
#include "server/rpc/unary_method.h"

namespace tokenbroker::rpc {

class MethodTable : public grpc::Service {
 public:
  MethodTable(const calls::Door& door, UnderWay& under_way, std::string service)
      : door_(door), under_way_(under_way), service_(std::move(service)) {}

  const std::string& name() const { return service_; }

  template <typename C>
  void Unary(const std::string& method) {
    const int index = Add(method, grpc::internal::RpcMethod::NORMAL_RPC);
    RpcMetrics& metrics = MetricsOf(method);
    listeners_.push_back([this, index, &metrics](NetworkThread& thread) {
      auto listening = std::make_shared<UnaryMethod<C>>(
          door_, metrics, under_way_, thread,
          [this, index, queue = thread.queue()](grpc::ServerContext* context, grpc::ByteBuffer* in,
                                                grpc::ServerAsyncResponseWriter<grpc::ByteBuffer>* out, void* tag) {
            RequestAsyncUnary(index, context, in, out, queue, queue, tag);
          });
      listening->Listen();
      listening_.push_back(std::move(listening));
    });
  }

  // `make` answers a new call, which deletes itself. Serves methods with one message in or out as well.
  void Stream(const std::string& method, std::function<StreamCall*(StreamCall::Parts)> make);

  // After the server was built. The table must outlive the thread.
  void Listen(NetworkThread& thread) {
    for (const auto& listen : listeners_) listen(thread);
  }

 private:
  int Add(const std::string& method, grpc::internal::RpcMethod::RpcType type);
  RpcMetrics& MetricsOf(const std::string& method);

  const calls::Door& door_;
  UnderWay& under_way_;
  const std::string service_;
  int methods_ = 0;
  std::deque<std::string> names_;  // gRPC keeps pointers to them
  std::vector<std::function<void(NetworkThread&)>> listeners_;
  std::vector<std::shared_ptr<void>> listening_;
};

}  // namespace tokenbroker::rpc
