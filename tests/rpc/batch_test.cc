// Batches: items are independent, and answers stand at the items' places.
#include "tests/rpc/door_fixture.h"

namespace tokenbroker::rpc {
namespace {

using BatchTest = DoorFixture;

TEST_F(BatchTest, ABadItemHasItsOwnErrorAndTheOthersGoOn) {
  pb::BatchIssueTasksRequest request;
  request.add_items()->set_namespace_("demo");
  request.add_items()->set_namespace_("NOT A NAME");
  request.add_items()->set_namespace_("demo");
  pb::BatchIssueTasksResponse response;
  ASSERT_TRUE(Call(*tasks_, &pb::TaskService::Stub::BatchIssueTasks, request, &response).ok());
  ASSERT_EQ(response.items_size(), 3);
  EXPECT_TRUE(response.items(0).has_issued());
  EXPECT_EQ(response.items(1).error().reason(), pb::ERROR_REASON_INVALID_FIELD);
  EXPECT_EQ(response.items(1).error().field(), "namespace");
  EXPECT_NE(response.items(2).issued().token(), response.items(0).issued().token());
}

TEST_F(BatchTest, OutcomesAreJudgedInOrder) {
  const auto issued = IssueWithKey("order-1");
  pb::BatchSettleRequest request;
  for (const char* output : {"1", "1", "2", "no json"}) {
    auto* succeed = request.add_items()->mutable_succeed();
    *succeed->mutable_task() = ByToken(issued.token());
    succeed->set_output(output);
  }
  request.add_items();
  pb::BatchSettleResponse response;
  ASSERT_TRUE(Call(*resolver_, &pb::ResolverService::Stub::BatchSettle, request, &response).ok());
  ASSERT_EQ(response.items_size(), 5);
  EXPECT_EQ(response.items(0).verdict(), pb::VERDICT_ACCEPTED);
  EXPECT_EQ(response.items(1).verdict(), pb::VERDICT_REPLAYED);
  EXPECT_EQ(response.items(2).verdict(), pb::VERDICT_CONFLICT);
  EXPECT_EQ(response.items(2).error().resolved().task_id(), issued.task_id());
  EXPECT_EQ(response.items(3).verdict(), pb::VERDICT_REFUSED);
  EXPECT_EQ(response.items(3).error().field(), "succeed.output");
  EXPECT_EQ(response.items(4).error().field(), "outcome");
}

TEST_F(BatchTest, HeartbeatsOfOpenEndedAndUnknownTasks) {
  const auto open = IssueWithKey("open");
  const auto ended = IssueWithKey("ended");
  ASSERT_TRUE(Succeed(ByToken(ended.token()), "1").ok());
  pb::BatchHeartbeatRequest request;
  *request.add_items()->mutable_task() = ByToken(open.token());
  *request.add_items()->mutable_task() = ByToken(ended.token());
  *request.add_items()->mutable_task() = ByToken("nobody's");
  request.add_items();
  pb::BatchHeartbeatResponse response;
  ASSERT_TRUE(Call(*resolver_, &pb::ResolverService::Stub::BatchHeartbeat, request, &response).ok());
  ASSERT_EQ(response.items_size(), 4);
  EXPECT_TRUE(response.items(0).has_beat());
  EXPECT_EQ(response.items(1).error().reason(), pb::ERROR_REASON_TASK_ALREADY_RESOLVED);
  EXPECT_EQ(response.items(2).error().reason(), pb::ERROR_REASON_TASK_UNKNOWN);
  EXPECT_EQ(response.items(3).error().field(), "task");
}

TEST_F(BatchTest, ABatchOfNothingOrTooMuchIsRefusedAsAWhole) {
  pb::BatchSettleRequest request;
  pb::BatchSettleResponse response;
  EXPECT_EQ(ReasonOf(Call(*resolver_, &pb::ResolverService::Stub::BatchSettle, request, &response)), "INVALID_FIELD");
  for (int i = 0; i < 1001; ++i) request.add_items();
  EXPECT_EQ(ReasonOf(Call(*resolver_, &pb::ResolverService::Stub::BatchSettle, request, &response)), "INVALID_FIELD");
}

TEST_F(BatchTest, AThousandTasksInOneMessage) {
  pb::BatchIssueTasksRequest request;
  for (int i = 0; i < 1000; ++i) request.add_items()->set_namespace_("demo");
  pb::BatchIssueTasksResponse response;
  ASSERT_TRUE(Call(*tasks_, &pb::TaskService::Stub::BatchIssueTasks, request, &response).ok());
  pb::BatchGetTasksRequest get;
  for (const auto& item : response.items()) *get.add_tasks() = ByToken(item.issued().token());
  get.mutable_tasks(999)->set_token("nobody's");
  pb::BatchGetTasksResponse got;
  ASSERT_TRUE(Call(*tasks_, &pb::TaskService::Stub::BatchGetTasks, get, &got).ok());
  EXPECT_EQ(got.items(998).task().task_id(), response.items(998).issued().task_id());
  EXPECT_EQ(got.items(999).error().reason(), pb::ERROR_REASON_TASK_UNKNOWN);
}

}  // namespace
}  // namespace tokenbroker::rpc
