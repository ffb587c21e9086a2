// A gRPC service as a table of methods:
//
//   class ResolverDoor : public MethodTable<pb::ResolverService> {
//     explicit ResolverDoor(const Door& door) : MethodTable(door) { Unary<HeartbeatCall>("Heartbeat"); ... }
//   };
//
// Registers raw handlers (bytes in, bytes out) as the generated WithRawCallbackMethod_ classes do, but with a pool of
// calls; those classes cannot take one.
#pragma once

#include <google/protobuf/descriptor.h>
#include <grpcpp/impl/codegen/server_callback_handlers.h>
#include <grpcpp/support/server_callback.h>

#include <memory>
#include <string>
#include <vector>

#include "server/rpc/call_pool.h"

namespace tokenbroker::rpc {

template <typename ServiceT>
class MethodTable : public ServiceT::Service {
 protected:
  explicit MethodTable(const Door& door) : door_(door) {}

  const Door& door() const { return door_; }

  template <typename C>
  void Unary(const std::string& method) {
    auto pool = std::make_shared<CallPool<C>>(door_, MetricsOf(method));
    auto* handler = new grpc::internal::CallbackUnaryHandler<grpc::ByteBuffer, grpc::ByteBuffer>(
        [](grpc::CallbackServerContext* context, const grpc::ByteBuffer*, grpc::ByteBuffer*) {
          return CallPool<C>::Start(context);
        });
    handler->SetMessageAllocator(pool.get());
    this->MarkMethodRawCallback(IndexOf(method), handler);
    pools_.push_back(std::move(pool));
  }

  // `make` answers the reactor of a new call.
  template <typename Make>
  void ServerStream(const std::string& method, Make make) {
    RpcMetrics& metrics = MetricsOf(method);
    this->MarkMethodRawCallback(
        IndexOf(method),
        new grpc::internal::CallbackServerStreamingHandler<grpc::ByteBuffer, grpc::ByteBuffer>(
            [make, &metrics](grpc::CallbackServerContext* context, const grpc::ByteBuffer* request)
                -> grpc::ServerWriteReactor<grpc::ByteBuffer>* { return make(metrics, *context, *request); }));
  }

  template <typename Make>
  void BidiStream(const std::string& method, Make make) {
    RpcMetrics& metrics = MetricsOf(method);
    this->MarkMethodRawCallback(
        IndexOf(method),
        new grpc::internal::CallbackBidiHandler<grpc::ByteBuffer, grpc::ByteBuffer>(
            [make, &metrics](grpc::CallbackServerContext* context)
                -> grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* { return make(metrics, *context); }));
  }

 private:
  static const google::protobuf::ServiceDescriptor& Descriptor() {
    return *google::protobuf::DescriptorPool::generated_pool()->FindServiceByName(ServiceT::service_full_name());
  }
  static int IndexOf(const std::string& method) { return Descriptor().FindMethodByName(method)->index(); }
  RpcMetrics& MetricsOf(const std::string& method) { return door_.metrics.rpc(Descriptor().name() + "/" + method); }

  const Door& door_;
  // Of various types; gRPC uses them until the server is gone.
  std::vector<std::shared_ptr<void>> pools_;
};

}  // namespace tokenbroker::rpc
