// Who may do what, in mode keys.
#include <gmock/gmock.h>

#include "tests/rpc/door_fixture.h"

namespace tokenbroker::rpc {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class PermissionsTest : public DoorFixture {
 protected:
  AuthConfig Auth() override {
    AuthConfig config;
    config.mode = AuthMode::kKeys;
    config.keys = {KeyOf("engine", "engine-key", {{"demo", kIssue | kRead}}),
                   KeyOf("worker", "worker-key", {{"demo", kResolve}}),
                   KeyOf("stranger", "stranger-key", {{"other", kIssue | kResolve | kRead}}),
                   KeyOf("ops", "ops-key", {{"*", kAdminister}})};
    return config;
  }

  pb::IssueTaskResponse IssueAsEngine() {
    key_ = "engine-key";
    return IssueWithKey("order-1");
  }
};

TEST_F(PermissionsTest, ATokenAloneSufficesForItsOwnTask) {
  const auto issued = IssueAsEngine();
  key_.clear();
  pb::Task task;
  EXPECT_TRUE(Get(ByToken(issued.token()), &task).ok());
  EXPECT_EQ(task.issued_by(), "key:engine");
  EXPECT_TRUE(Succeed(ByToken(issued.token()), "1").ok());
  EXPECT_TRUE(Get(ByToken(issued.token()), &task).ok());
  EXPECT_EQ(task.outcome().resolved_by(), "token");
}

TEST_F(PermissionsTest, ANamelessCallerSeesNothingElse) {
  const auto issued = IssueAsEngine();
  key_.clear();
  pb::Task task;
  EXPECT_EQ(ReasonOf(Get(ById(issued.task_id()), &task)), "TASK_UNKNOWN");
  EXPECT_EQ(ReasonOf(Get(ByKey("demo", "order-1"), &task)), "CREDENTIALS_UNKNOWN");
  EXPECT_EQ(ReasonOf(Succeed(ById(issued.task_id()), "1")), "TASK_UNKNOWN");
  pb::IssueTaskRequest request;
  request.set_namespace_("demo");
  pb::IssueTaskResponse response;
  const grpc::Status refused = TryIssue(request, &response);
  EXPECT_EQ(ReasonOf(refused), "CREDENTIALS_UNKNOWN");
  EXPECT_THAT(refused.error_message(), HasSubstr("no API key was presented (authorization: Bearer KEY)"));
  key_ = "worker-key";
  const grpc::Status forbidden = TryIssue(request, &response);
  EXPECT_EQ(ReasonOf(forbidden), "PERMISSION_DENIED") << "who is known is forbidden";
  EXPECT_THAT(forbidden.error_message(), Not(HasSubstr("no API key")));
}

TEST_F(PermissionsTest, PeekTakesTheRightToReadAndTellsOfTheRightToResolve) {
  const auto issued = IssueAsEngine();
  pb::PeekTaskRequest request;
  pb::PeekTaskResponse response;
  const auto peek = [&](const std::string& key, const pb::TaskRef& task) {
    key_ = key;
    response.Clear();
    *request.mutable_settlement()->mutable_succeed()->mutable_task() = task;
    request.mutable_settlement()->mutable_succeed()->set_output("1");
    return Call(*resolver_, &pb::ResolverService::Stub::PeekTask, request, &response);
  };
  const pb::TaskRef names[] = {ById(issued.task_id()), ByKey("demo", "order-1"), ByKey("demo", "nobody-waits")};
  for (const pb::TaskRef& task : names) {
    ASSERT_TRUE(peek("engine-key", task).ok()) << task.ShortDebugString();
    EXPECT_EQ(response.result().verdict(), pb::VERDICT_REFUSED) << task.ShortDebugString();
    EXPECT_EQ(response.result().error().reason(), pb::ERROR_REASON_PERMISSION_DENIED);
    EXPECT_EQ(response.has_task(), task.key().key() != "nobody-waits");
  }
  ASSERT_TRUE(peek("", ByToken(issued.token())).ok());
  EXPECT_EQ(response.result().verdict(), pb::VERDICT_ACCEPTED);
  EXPECT_EQ(ReasonOf(peek("worker-key", ById(issued.task_id()))), "TASK_UNKNOWN") << "it may settle, but not look";
  EXPECT_EQ(ReasonOf(peek("worker-key", ByKey("demo", "order-1"))), "PERMISSION_DENIED");
  EXPECT_EQ(ReasonOf(peek("worker-key", ByKey("demo", "nobody-waits"))), "PERMISSION_DENIED");
  EXPECT_EQ(ReasonOf(peek("stranger-key", ById(issued.task_id()))), "TASK_UNKNOWN");
  ASSERT_TRUE(Succeed(ByToken(issued.token()), "1").ok());
  EXPECT_EQ(ReasonOf(peek("worker-key", ById(issued.task_id()))), "TASK_UNKNOWN");
}

TEST_F(PermissionsTest, AnUnknownKeyIsUnauthenticatedEvenWithAToken) {
  const auto issued = IssueAsEngine();
  key_ = "no-such-key";
  const grpc::Status status = Succeed(ByToken(issued.token()), "1");
  EXPECT_EQ(status.error_code(), grpc::UNAUTHENTICATED);
  EXPECT_EQ(ReasonOf(status), "CREDENTIALS_UNKNOWN");
  auto context = Context();
  auto stream = resolver_->SettleStream(context.get());
  EXPECT_EQ(ReasonOf(stream->Finish()), "CREDENTIALS_UNKNOWN");
}

TEST_F(PermissionsTest, AWorkerResolvesByKeyAndDoesNotRead) {
  IssueAsEngine();
  key_ = "worker-key";
  pb::Task task;
  EXPECT_EQ(ReasonOf(Get(ByKey("demo", "order-1"), &task)), "PERMISSION_DENIED");
  EXPECT_TRUE(Succeed(ByKey("demo", "order-1"), "1").ok());
}

TEST_F(PermissionsTest, AnEndedTaskOfAnotherNamespaceIsUnknown) {
  const auto issued = IssueAsEngine();
  ASSERT_TRUE(Succeed(ByToken(issued.token()), "1").ok());
  key_ = "stranger-key";
  pb::Task task;
  EXPECT_EQ(ReasonOf(Get(ById(issued.task_id()), &task)), "TASK_UNKNOWN");
  pb::AwaitTaskRequest await;
  *await.mutable_task() = ById(issued.task_id());
  pb::AwaitTaskResponse response;
  EXPECT_EQ(ReasonOf(Call(*tasks_, &pb::TaskService::Stub::AwaitTask, await, &response)), "TASK_UNKNOWN");
  EXPECT_EQ(ReasonOf(Succeed(ById(issued.task_id()), "1")), "TASK_UNKNOWN");
}

TEST_F(PermissionsTest, WhoMayOnlyReadATaskIsNotToldThatItIsGone) {
  const auto issued = IssueAsEngine();
  const pb::TaskRef task = ById(issued.task_id());
  pb::Task seen;
  ASSERT_TRUE(Get(task, &seen).ok());
  EXPECT_EQ(ReasonOf(Succeed(task, "1")), "PERMISSION_DENIED");
  pb::BatchHeartbeatRequest beats;
  *beats.add_items()->mutable_task() = task;
  pb::BatchHeartbeatResponse beaten;
  ASSERT_TRUE(Call(*resolver_, &pb::ResolverService::Stub::BatchHeartbeat, beats, &beaten).ok());
  EXPECT_EQ(beaten.items(0).error().reason(), pb::ERROR_REASON_PERMISSION_DENIED);
  pb::BatchSettleRequest outcomes;
  *outcomes.add_items()->mutable_fail()->mutable_task() = task;
  pb::BatchSettleResponse settled;
  ASSERT_TRUE(Call(*resolver_, &pb::ResolverService::Stub::BatchSettle, outcomes, &settled).ok());
  EXPECT_EQ(settled.items(0).verdict(), pb::VERDICT_REFUSED);
  EXPECT_EQ(settled.items(0).error().reason(), pb::ERROR_REASON_PERMISSION_DENIED);
}

TEST_F(PermissionsTest, ListsAndWatchesNeedTheRightToRead) {
  key_ = "worker-key";
  pb::ListTasksRequest list;
  list.set_namespace_("demo");
  pb::ListTasksResponse listed;
  EXPECT_EQ(ReasonOf(Call(*tasks_, &pb::TaskService::Stub::ListTasks, list, &listed)), "PERMISSION_DENIED");
  pb::WatchTasksRequest watch;
  watch.set_namespace_("demo");
  auto context = Context();
  auto reader = tasks_->WatchTasks(context.get(), watch);
  EXPECT_EQ(ReasonOf(reader->Finish()), "PERMISSION_DENIED");
}

TEST_F(PermissionsTest, OnlyAdministratorsSeeTheBrokersStatus) {
  pb::GetStatusRequest request;
  pb::GetStatusResponse response;
  key_ = "engine-key";
  EXPECT_EQ(ReasonOf(Call(*admin_, &pb::AdminService::Stub::GetStatus, request, &response)), "PERMISSION_DENIED");
  key_ = "ops-key";
  EXPECT_TRUE(Call(*admin_, &pb::AdminService::Stub::GetStatus, request, &response).ok());
}

}  // namespace
}  // namespace tokenbroker::rpc
