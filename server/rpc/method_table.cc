#include "server/rpc/method_table.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace tokenbroker::rpc {
namespace {

// How many new calls of a streaming method may arrive at once on a thread before gRPC queues them itself.
constexpr int kStreamsListening = 4;

}  // namespace

int MethodTable::Add(const std::string& method, grpc::internal::RpcMethod::RpcType type) {
  names_.push_back(absl::StrCat("/", service_, "/", method));
  AddMethod(new grpc::internal::RpcServiceMethod(names_.back().c_str(), type, nullptr));
  MarkMethodRaw(methods_);
  return methods_++;
}

RpcMetrics& MethodTable::MetricsOf(const std::string& method) {
  const std::string service = service_.substr(service_.rfind('.') + 1);
  return door_.metrics.rpc(absl::StrCat(service, "/", method));
}

void MethodTable::Stream(const std::string& method, std::function<StreamCall*(StreamCall::Parts)> make) {
  const int index = Add(method, grpc::internal::RpcMethod::BIDI_STREAMING);
  RpcMetrics& metrics = MetricsOf(method);
  listeners_.push_back([this, index, &metrics, make = std::move(make)](NetworkThread& thread) {
    StreamCall::Parts parts{
        door_,
        metrics,
        under_way_,
        thread,
        make,
        [this, index, queue = thread.queue()](grpc::ServerContext* context, StreamCall::Pipe* pipe, void* tag) {
          RequestAsyncBidiStreaming(index, context, pipe, queue, queue, tag);
        }};
    for (int i = 0; i < kStreamsListening; ++i) StreamCall::Listen(parts);
  });
}

}  // namespace tokenbroker::rpc
