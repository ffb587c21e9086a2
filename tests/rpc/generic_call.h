// A call made by hand: each step has happened when its method returns.
#pragma once

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace tokenbroker::rpc {

class GenericCall {
 public:
  // Begins a call of "/package.Service/Method". The context must stay.
  GenericCall(const std::shared_ptr<grpc::Channel>& channel, grpc::ClientContext& context, const std::string& method)
      : stub_(channel), call_(stub_.PrepareCall(&context, method, &queue_)) {
    call_->StartCall(nullptr);
    Await();
  }
  void WriteLast(const grpc::ByteBuffer& message) {
    call_->WriteLast(message, {}, nullptr);
    Await();
  }
  // Without a message, if none was written.
  void WritesDone() {
    call_->WritesDone(nullptr);
    Await();
  }
  grpc::Status Finish() {
    grpc::Status status;
    call_->Finish(&status, nullptr);
    Await();
    return status;
  }

 private:
  void Await() {
    void* tag;
    bool ok;
    ASSERT_TRUE(queue_.Next(&tag, &ok));
  }

  grpc::GenericStub stub_;
  grpc::CompletionQueue queue_;
  std::unique_ptr<grpc::GenericClientAsyncReaderWriter> call_;
};

}  // namespace tokenbroker::rpc
