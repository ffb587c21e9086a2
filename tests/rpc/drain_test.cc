// Shutting down: waits and watches end with a reason, calls are answered until the last.

#include <future>

#include "tests/rpc/door_fixture.h"

namespace tokenbroker::rpc {
namespace {

using DrainTest = DoorFixture;

TEST_F(DrainTest, AWaitEndsWithDraining) {
  const auto issued = IssueWithKey("order-1");
  auto waiting = std::async(std::launch::async, [&] {
    pb::AwaitTaskRequest request;
    *request.mutable_task() = ByToken(issued.token());
    pb::AwaitTaskResponse response;
    return Call(*tasks_, &pb::TaskService::Stub::AwaitTask, request, &response);
  });
  while (broker_->GetStatus().awaits == 0) std::this_thread::yield();
  Drain();
  const grpc::Status status = waiting.get();
  EXPECT_EQ(status.error_code(), grpc::UNAVAILABLE);
  EXPECT_EQ(ReasonOf(status), "DRAINING");
}

TEST_F(DrainTest, AWatchEndsWithDraining) {
  pb::WatchTasksRequest request;
  request.set_namespace_("demo");
  auto context = Context();
  auto reader = tasks_->WatchTasks(context.get(), request);
  Drain();
  pb::WatchTasksResponse response;
  EXPECT_FALSE(reader->Read(&response));
  EXPECT_EQ(ReasonOf(reader->Finish()), "DRAINING");
}

TEST_F(DrainTest, OutcomesAreTakenWhileCallsAreStillAccepted) {
  const auto issued = IssueWithKey("order-1");
  Drain();
  EXPECT_TRUE(Succeed(ByToken(issued.token()), "1").ok());
}

}  // namespace
}  // namespace tokenbroker::rpc
