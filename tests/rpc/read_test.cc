// Lists: paging is stable, and a page token is for its own list.
#include <set>

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

}  // namespace
}  // namespace tokenbroker::rpc
