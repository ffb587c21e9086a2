// One task from issue to end, through the door.
#include <grpcpp/generic/generic_stub.h>

#include <future>

#include "tests/rpc/door_fixture.h"

namespace tokenbroker::rpc {
namespace {

using TasksTest = DoorFixture;

TEST_F(TasksTest, AnIssuedTaskIsResolvedOnceAndTheSameOutcomeIsAReplay) {
  const auto issued = IssueWithKey("order-1");
  EXPECT_EQ(issued.token().size(), 40u);
  pb::SucceedResponse response;
  ASSERT_TRUE(Succeed(ByToken(issued.token()), "{\"a\": 1}", &response).ok());
  EXPECT_EQ(response.verdict(), pb::VERDICT_ACCEPTED);
  ASSERT_TRUE(Succeed(ByKey("demo", "order-1"), "{\"a\": 1}", &response).ok());
  EXPECT_EQ(response.verdict(), pb::VERDICT_REPLAYED);
  EXPECT_EQ(response.task_id(), issued.task_id());
}

TEST_F(TasksTest, AnotherOutcomeIsRefusedWithTheRecordedOne) {
  const auto issued = IssueWithKey("order-1");
  pb::FailRequest fail;
  *fail.mutable_task() = ByToken(issued.token());
  fail.set_error("E1");
  fail.set_cause("why");
  pb::FailResponse failed;
  ASSERT_TRUE(Call(*resolver_, &pb::ResolverService::Stub::Fail, fail, &failed).ok());
  const grpc::Status status = Succeed(ByToken(issued.token()), "1");
  EXPECT_EQ(status.error_code(), grpc::FAILED_PRECONDITION);
  EXPECT_EQ(ReasonOf(status), "TASK_ALREADY_RESOLVED");
  const auto detail = DetailOf<pb::ResolvedDetail>(status);
  EXPECT_EQ(detail.outcome().error(), "E1");
  EXPECT_EQ(detail.outcome().cause(), "why");
  EXPECT_EQ(detail.outcome().resolved_by(), "anonymous");
}

TEST_F(TasksTest, ARequestIdIsAnsweredTwiceWithOneTask) {
  pb::IssueTaskRequest request;
  request.set_namespace_("demo");
  request.set_request_id("r1");
  const auto first = Issue(request);
  const auto second = Issue(request);
  EXPECT_EQ(second.token(), first.token());
  EXPECT_FALSE(first.replayed());
  EXPECT_TRUE(second.replayed());
  request.set_summary("other");
  pb::IssueTaskResponse response;
  EXPECT_EQ(ReasonOf(TryIssue(request, &response)), "REQUEST_ID_REUSED");
}

TEST_F(TasksTest, ALateOutcomeIsTooLate) {
  pb::IssueTaskRequest request;
  request.set_namespace_("demo");
  request.mutable_timeout()->set_seconds(5);
  const auto issued = Issue(request);
  clock_.Advance(5000);
  const grpc::Status status = Succeed(ByToken(issued.token()), "1");
  EXPECT_EQ(ReasonOf(status), "TASK_EXPIRED");
  EXPECT_EQ(DetailOf<pb::ResolvedDetail>(status).outcome().error(), "Timeout");
}

TEST_F(TasksTest, AHeartbeatKeepsATaskAliveAndCarriesProgress) {
  pb::IssueTaskRequest request;
  request.set_namespace_("demo");
  request.mutable_heartbeat_timeout()->set_seconds(10);
  const auto issued = Issue(request);
  pb::HeartbeatRequest beat;
  *beat.mutable_task() = ByToken(issued.token());
  beat.set_progress("{\"done\": 1}");
  for (int i = 0; i < 3; ++i) {
    clock_.Advance(9000);
    pb::HeartbeatResponse response;
    ASSERT_TRUE(Call(*resolver_, &pb::ResolverService::Stub::Heartbeat, beat, &response).ok());
    EXPECT_EQ(response.heartbeat_timeout().seconds(), 10);
  }
  pb::Task task;
  ASSERT_TRUE(Get(ByToken(issued.token()), &task).ok());
  EXPECT_EQ(task.state(), pb::TASK_STATE_WAITING);
  EXPECT_EQ(task.progress().details(), "{\"done\": 1}");
}

TEST_F(TasksTest, ACancelledTaskIsShownAndItsWorkerIsTold) {
  const auto issued = IssueWithKey("order-1");
  pb::CancelTaskRequest cancel;
  *cancel.mutable_task() = ById(issued.task_id());
  cancel.set_reason("not needed");
  pb::CancelTaskResponse response;
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(Call(*tasks_, &pb::TaskService::Stub::CancelTask, cancel, &response).ok());
    EXPECT_EQ(response.task().state(), pb::TASK_STATE_CANCELLED);
    EXPECT_EQ(response.task().outcome().cause(), "not needed");
  }
  EXPECT_EQ(ReasonOf(Succeed(ByToken(issued.token()), "1")), "TASK_CANCELLED");
}

TEST_F(TasksTest, ADeadlineIsMoved) {
  const auto issued = IssueWithKey("order-1");
  pb::ExtendDeadlineRequest extend;
  *extend.mutable_task() = ByToken(issued.token());
  extend.mutable_timeout()->set_seconds(77);
  pb::ExtendDeadlineResponse response;
  ASSERT_TRUE(Call(*tasks_, &pb::TaskService::Stub::ExtendDeadline, extend, &response).ok());
  EXPECT_EQ(response.task().deadline().seconds(), clock_.Now() / 1000 + 77);
}

TEST_F(TasksTest, ANewerAttemptSupersedesTheOpenOne) {
  const auto first = IssueWithKey("order-1");
  pb::IssueTaskRequest request;
  request.set_namespace_("demo");
  request.set_correlation_key("order-1");
  pb::IssueTaskResponse response;
  EXPECT_EQ(ReasonOf(TryIssue(request, &response)), "CORRELATION_KEY_IN_USE");
  request.set_attempt(2);
  EXPECT_EQ(Issue(request).superseded_task_id(), first.task_id());
  EXPECT_EQ(ReasonOf(Succeed(ByToken(first.token()), "1")), "TASK_SUPERSEDED");
}

TEST_F(TasksTest, ACallbackThatComesFirstIsParkedAndApplied) {
  pb::SucceedResponse response;
  ASSERT_TRUE(Succeed(ByKey("demo", "early"), "[1]", &response).ok());
  EXPECT_EQ(response.verdict(), pb::VERDICT_PARKED);
  EXPECT_EQ(response.task_id(), "");
  const auto issued = IssueWithKey("early");
  EXPECT_EQ(issued.state(), pb::TASK_STATE_SUCCEEDED);
}

TEST_F(TasksTest, ForgedTokensAreUnknown) {
  const auto issued = IssueWithKey("order-1");
  std::string forged = issued.token();
  forged.back() = forged.back() == 'x' ? 'y' : 'x';
  for (const std::string& token : {forged, std::string("AQCEAAAAKgAAAAMAAA"), "T1" + std::string(38, '0')}) {
    EXPECT_EQ(ReasonOf(Succeed(ByToken(token), "1")), "TASK_UNKNOWN");
  }
}

TEST_F(TasksTest, AnOversizedOutputIsRefusedAndTheTaskStaysOpen) {
  const auto issued = IssueWithKey("order-1");
  const grpc::Status status = Succeed(ByToken(issued.token()), "\"" + std::string(262'144, 'x') + "\"");
  EXPECT_EQ(ReasonOf(status), "INVALID_FIELD");
  EXPECT_EQ(DetailOf<google::rpc::BadRequest>(status).field_violations(0).field(), "output");
  EXPECT_TRUE(Succeed(ByToken(issued.token()), "1").ok());
}

TEST_F(TasksTest, ABrokenContractLeavesTheTaskOpen) {
  pb::IssueTaskRequest request;
  request.set_namespace_("demo");
  request.mutable_contract()->set_output_schema("{\"type\": \"object\"}");
  const auto issued = Issue(request);
  EXPECT_EQ(ReasonOf(Succeed(ByToken(issued.token()), "[]")), "CONTRACT_VIOLATION");
  EXPECT_TRUE(Succeed(ByToken(issued.token()), "{}").ok());
}

TEST_F(TasksTest, BytesThatAreNoRequestGetAReason) {
  // A text that is not UTF-8, and bytes that are no message at all: a typed client would send neither.
  for (const std::string& bytes : {std::string("\x0a\x01\xff"), std::string("\xff\xff")}) {
    grpc::GenericStub generic(server_->InProcessChannel());
    grpc::Slice slice(bytes);
    grpc::ByteBuffer request(&slice, 1), response;
    auto context = Context();
    std::promise<grpc::Status> done;
    generic.UnaryCall(context.get(), "/tokenbroker.v1.TaskService/IssueTask", {}, &request, &response,
                      [&](grpc::Status status) { done.set_value(status); });
    const grpc::Status status = done.get_future().get();
    EXPECT_EQ(status.error_code(), grpc::INVALID_ARGUMENT);
    EXPECT_EQ(ReasonOf(status), "INVALID_FIELD");
  }
}

TEST_F(TasksTest, AwaitAnswersWhenTheTaskEnds) {
  const auto issued = IssueWithKey("order-1");
  auto waiting = std::async(std::launch::async, [&] {
    pb::AwaitTaskRequest request;
    *request.mutable_task() = ByToken(issued.token());
    pb::AwaitTaskResponse response;
    EXPECT_TRUE(Call(*tasks_, &pb::TaskService::Stub::AwaitTask, request, &response).ok());
    return response;
  });
  while (broker_->GetStatus().awaits == 0) std::this_thread::yield();
  ASSERT_TRUE(Succeed(ByToken(issued.token()), "[7]").ok());
  EXPECT_EQ(waiting.get().task().outcome().output(), "[7]");
}

TEST_F(TasksTest, AwaitAnswersWaitingAtItsLimit) {
  const auto issued = IssueWithKey("order-1");
  pb::AwaitTaskRequest request;
  *request.mutable_task() = ByToken(issued.token());
  request.mutable_limit();
  pb::AwaitTaskResponse response;
  ASSERT_TRUE(Call(*tasks_, &pb::TaskService::Stub::AwaitTask, request, &response).ok());
  EXPECT_EQ(response.task().state(), pb::TASK_STATE_WAITING);
}

TEST_F(TasksTest, ACallerWhoGoesAwayWaitsNoMore) {
  const auto issued = IssueWithKey("order-1");
  auto context = Context();
  auto waiting = std::async(std::launch::async, [&] {
    pb::AwaitTaskRequest request;
    *request.mutable_task() = ByToken(issued.token());
    pb::AwaitTaskResponse response;
    return tasks_->AwaitTask(context.get(), request, &response);
  });
  while (broker_->GetStatus().awaits == 0) std::this_thread::yield();
  context->TryCancel();
  EXPECT_EQ(waiting.get().error_code(), grpc::CANCELLED);
  while (broker_->GetStatus().awaits != 0) std::this_thread::yield();
}

TEST_F(TasksTest, PeekSaysWhatWouldHappenAndChangesNothing) {
  const auto issued = IssueWithKey("order-1");
  pb::PeekTaskRequest request;
  *request.mutable_settlement()->mutable_succeed()->mutable_task() = ByToken(issued.token());
  request.mutable_settlement()->mutable_succeed()->set_output("1");
  pb::PeekTaskResponse response;
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(Call(*resolver_, &pb::ResolverService::Stub::PeekTask, request, &response).ok());
    EXPECT_EQ(response.result().verdict(), pb::VERDICT_ACCEPTED);
    EXPECT_EQ(response.task().state(), pb::TASK_STATE_WAITING);
  }
  ASSERT_TRUE(Succeed(ByToken(issued.token()), "2").ok());
  ASSERT_TRUE(Call(*resolver_, &pb::ResolverService::Stub::PeekTask, request, &response).ok());
  EXPECT_EQ(response.result().verdict(), pb::VERDICT_CONFLICT);
  EXPECT_EQ(response.result().error().resolved().state(), pb::TASK_STATE_SUCCEEDED);
}

}  // namespace
}  // namespace tokenbroker::rpc
