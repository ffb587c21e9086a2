// GetTask alone behind a gRPC server without a socket, on a thread that the test starts when it likes.
#pragma once

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <memory>
#include <optional>

#include "server/calls/read_calls.h"
#include "server/rpc/method_table.h"
#include "server/rpc/network_thread.h"

namespace tokenbroker::rpc {

class LoneMethod {
 public:
  explicit LoneMethod(const calls::Door& door) : table_(door, under_way, "tokenbroker.v1.TaskService") {
    table_.Unary<calls::GetTaskCall>("GetTask");
    grpc::ServerBuilder builder;
    builder.RegisterService(&table_);
    thread_.emplace(builder.AddCompletionQueue());
    server_ = builder.BuildAndStart();
    table_.Listen(*thread_);
  }

  std::shared_ptr<grpc::Channel> channel() { return server_->InProcessChannel({}); }
  NetworkThread& thread() { return *thread_; }

  // No more calls. Then the thread has to be started, if it was not, and End called.
  void Close() {
    under_way.Close();
    server_->Shutdown(std::chrono::system_clock::now());
  }
  void End() {
    under_way.AwaitEnd();
    thread_->Stop();
  }

  UnderWay under_way;

 private:
  MethodTable table_;
  std::optional<NetworkThread> thread_;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace tokenbroker::rpc
