// The thread that serves a completion queue, and what gRPC leaves to it.
#include "server/rpc/network_thread.h"

#include <grpcpp/generic/generic_stub.h>

#include "server/calls/read_calls.h"
#include "server/rpc/method_table.h"
#include "tests/rpc/door_fixture.h"

namespace tokenbroker::rpc {
namespace {

using NetworkThreadTest = DoorFixture;

// A call of one message whose caller sends none.
class EmptyCall {
 public:
  explicit EmptyCall(const std::shared_ptr<grpc::Channel>& channel) : stub_(channel) {
    call_ = stub_.PrepareCall(&context_, "/tokenbroker.v1.TaskService/GetTask", &queue_);
    call_->StartCall(nullptr);
    Await();
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
  grpc::ClientContext context_;
  grpc::CompletionQueue queue_;
  std::unique_ptr<grpc::GenericClientAsyncReaderWriter> call_;
};

struct Visitor final : Visit {
  void Resume() override { came = true; }
  std::atomic<bool> came{false};
};

// gRPC drops it by itself, without an event, but not without a tag.
TEST_F(NetworkThreadTest, ACallWithoutItsMessageIsNone) {
  const calls::Door door{*broker_, *authenticator_, metrics_};
  UnderWay under_way;
  MethodTable table(door, under_way, "tokenbroker.v1.TaskService");
  table.Unary<calls::GetTaskCall>("GetTask");
  grpc::ServerBuilder builder;
  builder.RegisterService(&table);
  NetworkThread thread(builder.AddCompletionQueue());
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  table.Listen(thread);
  const std::shared_ptr<grpc::Channel> channel = server->InProcessChannel({});
  EmptyCall call(channel);
  Visitor visitor;
  thread.Post(visitor);
  thread.Start();
  while (!visitor.came) std::this_thread::yield();
  EXPECT_EQ(call.Finish().error_code(), grpc::StatusCode::INTERNAL);
  const auto tasks = pb::TaskService::NewStub(channel);
  pb::GetTaskResponse response;
  EXPECT_EQ(ReasonOf(Call(*tasks, &pb::TaskService::Stub::GetTask, pb::GetTaskRequest(), &response)), "INVALID_FIELD");
  under_way.Close();
  server->Shutdown(std::chrono::system_clock::now());
  under_way.AwaitEnd();
  thread.Stop();
}

}  // namespace
}  // namespace tokenbroker::rpc
