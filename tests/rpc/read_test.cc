// Lists: paging is stable, and a page token is for its own list.
#include <set>
#include <thread>

#include "tests/rpc/door_fixture.h"

namespace tokenbroker::rpc {
namespace {

class ReadTest : public DoorFixture {
 protected:
  grpc::Status List(const pb::ListTasksRequest& request, pb::ListTasksResponse* response) {
    return Call(*tasks_, &pb::TaskService::Stub::ListTasks, request, response);
  }
};

TEST_F(ReadTest, EveryTaskIsOnExactlyOnePageHoweverManyComeMeanwhile) {
  std::set<std::string> issued, seen;
  for (int i = 0; i < 25; ++i) issued.insert(IssueWithKey("k" + std::to_string(i)).task_id());
  pb::ListTasksRequest request;
  request.set_namespace_("demo");
  request.set_page_size(4);
  pb::ListTasksResponse response;
  int i = 0;
  do {
    ASSERT_TRUE(List(request, &response).ok());
    for (const pb::Task& task : response.tasks()) EXPECT_TRUE(seen.insert(task.task_id()).second);
    request.set_page_token(response.next_page_token());
    if (++i < 5) IssueWithKey("later" + std::to_string(i));
  } while (!response.next_page_token().empty());
  for (const std::string& id : issued) EXPECT_TRUE(seen.contains(id)) << id;
}

TEST_F(ReadTest, AFilterPicks) {
  IssueWithKey("a-1");
  const auto ended = IssueWithKey("a-2");
  IssueWithKey("b-1");
  ASSERT_TRUE(Succeed(ByToken(ended.token()), "1").ok());
  pb::ListTasksRequest request;
  request.set_namespace_("demo");
  request.mutable_filter()->set_correlation_key_prefix("a-");
  request.mutable_filter()->add_states(pb::TASK_STATE_WAITING);
  pb::ListTasksResponse response;
  ASSERT_TRUE(List(request, &response).ok());
  ASSERT_EQ(response.tasks_size(), 1);
  EXPECT_EQ(response.tasks(0).correlation_key(), "a-1");
}

TEST_F(ReadTest, APageTokenOfAnotherListIsRefused) {
  for (int i = 0; i < 3; ++i) IssueWithKey("k" + std::to_string(i));
  pb::ListTasksRequest request;
  request.set_namespace_("demo");
  request.set_page_size(1);
  pb::ListTasksResponse response;
  ASSERT_TRUE(List(request, &response).ok());
  request.set_page_token(response.next_page_token());
  request.mutable_filter()->set_target("other");
  const grpc::Status status = List(request, &response);
  EXPECT_EQ(ReasonOf(status), "INVALID_FIELD");
  EXPECT_EQ(DetailOf<google::rpc::BadRequest>(status).field_violations(0).field(), "page_token");
}

TEST_F(ReadTest, LargeTasksMakeShortPages) {
  pb::IssueTaskRequest issue;
  issue.set_namespace_("demo");
  issue.set_input("\"" + std::string(200'000, 'x') + "\"");
  for (int i = 0; i < 30; ++i) Issue(issue);
  pb::ListTasksRequest request;
  request.set_namespace_("demo");
  request.set_page_size(1000);
  request.set_view(pb::TASK_VIEW_FULL);
  pb::ListTasksResponse response;
  int tasks = 0;
  do {
    // The default limit of a client's messages.
    ASSERT_TRUE(List(request, &response).ok());
    tasks += response.tasks_size();
    request.set_page_token(response.next_page_token());
  } while (!response.next_page_token().empty());
  EXPECT_EQ(tasks, 30);
}

TEST_F(ReadTest, APageTakesOneScanOfTheLog) {
  for (int i = 0; i < 200; ++i) IssueWithKey("k" + std::to_string(i));
  pb::ListTasksRequest request;
  request.set_namespace_("demo");
  request.set_page_size(1000);
  request.set_view(pb::TASK_VIEW_FULL);
  pb::ListTasksResponse response;
  const int before = store_.scans;
  ASSERT_TRUE(List(request, &response).ok());
  EXPECT_EQ(response.tasks_size(), 200);
  EXPECT_EQ(store_.scans - before, 1);
}

// As many as may wait to read do so: none.
class CrowdedReadTest : public ReadTest {
 protected:
  broker::Limits Limits() override { return {.queue_reads = 0}; }

  // Of a refusal that is worth repeating later.
  static std::string RetryableReasonOf(const grpc::Status& status) {
    return DetailOf<google::rpc::RetryInfo>(status).retry_delay().seconds() > 0 ? ReasonOf(status) : "?";
  }
};

TEST_F(CrowdedReadTest, WhoOnlyLooksIsAskedToComeAgain) {
  const pb::TaskRef task = ByToken(IssueWithKey("k").token());
  pb::ListTasksRequest list;
  list.set_namespace_("demo");
  pb::ListTasksResponse listed;
  EXPECT_EQ(RetryableReasonOf(List(list, &listed)), "OVERLOADED");
  pb::Task got;
  EXPECT_EQ(RetryableReasonOf(Get(task, &got)), "OVERLOADED");
  pb::BatchGetTasksRequest batch;
  *batch.add_tasks() = task;
  pb::BatchGetTasksResponse tasks;
  EXPECT_EQ(RetryableReasonOf(Call(*tasks_, &pb::TaskService::Stub::BatchGetTasks, batch, &tasks)), "OVERLOADED");
  pb::GetStatusRequest ask;
  pb::GetStatusResponse status;
  EXPECT_EQ(RetryableReasonOf(Call(*admin_, &pb::AdminService::Stub::GetStatus, ask, &status)), "OVERLOADED");
  ASSERT_TRUE(Succeed(task, "1").ok());
  pb::AwaitTaskRequest await;
  *await.mutable_task() = task;
  pb::AwaitTaskResponse awaited;
  EXPECT_EQ(RetryableReasonOf(Call(*tasks_, &pb::TaskService::Stub::AwaitTask, await, &awaited)), "OVERLOADED");
}

TEST_F(CrowdedReadTest, WhatHasBegunIsNotRefusedHalfWay) {
  const pb::TaskRef task = ByToken(IssueWithKey("k").token());
  pb::AwaitTaskRequest await;
  *await.mutable_task() = task;
  pb::AwaitTaskResponse awaited;
  grpc::Status status;
  std::thread waiting([&] { status = Call(*tasks_, &pb::TaskService::Stub::AwaitTask, await, &awaited); });
  while (broker_->GetStatus().awaits == 0) std::this_thread::yield();
  pb::SucceedResponse settled;
  EXPECT_TRUE(Succeed(task, "1", &settled).ok());
  EXPECT_TRUE(Succeed(task, "1", &settled).ok()) << "compared with what is recorded";
  EXPECT_EQ(settled.verdict(), pb::VERDICT_REPLAYED);
  waiting.join();
  EXPECT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(awaited.task().state(), pb::TASK_STATE_SUCCEEDED);
  pb::CancelTaskRequest cancel;
  *cancel.mutable_task() = ByToken(IssueWithKey("l").token());
  pb::CancelTaskResponse cancelled;
  EXPECT_TRUE(Call(*tasks_, &pb::TaskService::Stub::CancelTask, cancel, &cancelled).ok());
  EXPECT_EQ(cancelled.task().state(), pb::TASK_STATE_CANCELLED);
}

}  // namespace
}  // namespace tokenbroker::rpc
