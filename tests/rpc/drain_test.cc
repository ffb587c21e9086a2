// Shutting down: waits and watches end with a reason, calls are answered until the last.

#include <future>

#include "tests/rpc/door_fixture.h"
#include "tests/rpc/lone_method.h"

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

struct Answer : broker::Submission {
  Answer() : Submission(1) {}
  void Done() override { done = true; }
  std::atomic<bool> done{false};
};

// Over a socket: a connection without one ends with the server's first word of shutting down.
TEST_F(DrainTest, ShutdownWaitsForACallThatIsUnderWay) {
  const auto issued = IssueWithKey("order-1");
  const auto tasks = pb::TaskService::NewStub(
      grpc::CreateChannel("127.0.0.1:" + std::to_string(server_->port()), grpc::InsecureChannelCredentials()));
  auto waiting = std::async(std::launch::async, [&] {
    pb::AwaitTaskRequest request;
    *request.mutable_task() = ByToken(issued.token());
    pb::AwaitTaskResponse response;
    return Call(*tasks, &pb::TaskService::Stub::AwaitTask, request, &response);
  });
  while (broker_->GetStatus().awaits == 0) std::this_thread::yield();
  auto closing = std::async(std::launch::async, [&] { server_->Shutdown(600'000); });
  pb::GetTaskRequest look;
  *look.mutable_task() = ByToken(issued.token());
  pb::GetTaskResponse seen;
  while (Call(*tasks, &pb::TaskService::Stub::GetTask, look, &seen).ok()) std::this_thread::yield();
  Answer answer;
  broker::ResolveOperation resolve;
  resolve.submission = &answer;
  resolve.principal = authenticator_->Identify("", {});
  resolve.address = broker_->AddressOfToken(issued.token());
  resolve.output = "1";
  broker_->Submit(resolve);
  while (!answer.done) std::this_thread::yield();
  EXPECT_TRUE(waiting.get().ok());
  closing.get();
}

// Its thread will listen for the next one, and gRPC ends a process that listens on a queue that was shut down.
TEST_F(DrainTest, ACallThatHasComeIsAwaitedBeforeItsThreadKnowsOfIt) {
  const calls::Door door{*broker_, *authenticator_, metrics_};
  LoneMethod get(door);
  const auto tasks = pb::TaskService::NewStub(get.channel());
  grpc::CompletionQueue queue;
  const auto context = Context();
  const auto call = tasks->AsyncGetTask(context.get(), {}, &queue);
  pb::GetTaskResponse response;
  grpc::Status status;
  call->Finish(&response, &status, nullptr);

  get.Close();
  EXPECT_TRUE(get.under_way.AwaitNone(std::chrono::milliseconds(0)));
  EXPECT_FALSE(get.under_way.ended()) << "the queue must not be shut down yet";
  get.thread().Start();
  get.End();
  void* tag = nullptr;
  bool ok = false;
  EXPECT_TRUE(queue.Next(&tag, &ok));
  EXPECT_FALSE(status.ok());
}

TEST_F(DrainTest, OutcomesAreTakenWhileCallsAreStillAccepted) {
  const auto issued = IssueWithKey("order-1");
  Drain();
  EXPECT_TRUE(Succeed(ByToken(issued.token()), "1").ok());
}

}  // namespace
}  // namespace tokenbroker::rpc
