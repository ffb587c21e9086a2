// The thread that serves a completion queue, and what gRPC leaves to it.
#include "server/rpc/network_thread.h"

#include "tests/rpc/door_fixture.h"
#include "tests/rpc/generic_call.h"
#include "tests/rpc/lone_method.h"

namespace tokenbroker::rpc {
namespace {

using NetworkThreadTest = DoorFixture;

struct Visitor final : Visit {
  void Resume() override { came = true; }
  std::atomic<bool> came{false};
};

// gRPC drops it by itself, without an event, but not without a tag.
TEST_F(NetworkThreadTest, ACallWithoutItsMessageIsNone) {
  const calls::Door door{*broker_, *authenticator_, metrics_};
  LoneMethod get(door);
  const auto context = Context();
  GenericCall call(get.channel(), *context, "/tokenbroker.v1.TaskService/GetTask");
  call.WritesDone();
  Visitor visitor;
  get.thread().Post(visitor);
  get.thread().Start();
  while (!visitor.came) std::this_thread::yield();
  EXPECT_EQ(call.Finish().error_code(), grpc::StatusCode::INTERNAL);
  const auto tasks = pb::TaskService::NewStub(get.channel());
  pb::GetTaskResponse response;
  EXPECT_EQ(ReasonOf(Call(*tasks, &pb::TaskService::Stub::GetTask, pb::GetTaskRequest(), &response)), "INVALID_FIELD");
  get.Close();
  get.End();
}

}  // namespace
}  // namespace tokenbroker::rpc
