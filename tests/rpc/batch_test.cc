// Batches: items are independent, and answers stand at the items' places.
#include <grpcpp/generic/generic_stub.h>

#include "tests/rpc/door_fixture.h"
#include "token/limited_token.h"
#include "token/limits.h"

namespace tokenbroker::rpc {
namespace {

class BatchTest : public DoorFixture {
 protected:
  static std::string Repeated(const std::string& bytes, int count) {
    std::string all;
    for (int i = 0; i < count; ++i) all += bytes;
    return all;
  }

  // As one message, whatever the bytes are.
  grpc::Status SendBytes(const std::string& method, const std::string& bytes) {
    const auto context = Context();
    grpc::CompletionQueue queue;
    grpc::GenericStub stub(server_->InProcessChannel());
    const auto call = stub.PrepareCall(context.get(), "/tokenbroker.v1." + method, &queue);
    call->StartCall(nullptr);
    Await(queue);
    const grpc::Slice slice(bytes);
    call->WriteLast(grpc::ByteBuffer(&slice, 1), {}, nullptr);
    Await(queue);
    grpc::ByteBuffer answer;
    call->Read(&answer, nullptr);
    Await(queue);
    grpc::Status status;
    call->Finish(&status, nullptr);
    Await(queue);
    return status;
  }

 private:
  static void Await(grpc::CompletionQueue& queue) {
    void* tag;
    bool ok;
    ASSERT_TRUE(queue.Next(&tag, &ok));
  }
};

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

// Items are read, and results written, through one message: nothing of an item may be left in the next.
TEST_F(BatchTest, NothingOfAnItemOrItsResultPassesToTheNext) {
  pb::IssueTaskRequest full;
  full.set_namespace_("demo");
  full.set_request_id("request");
  full.set_correlation_key("order-1");
  full.set_input(R"({"order":"a text that is longer than a short string"})");
  full.set_summary("approve the order");
  (*full.mutable_labels())["team"] = "billing";
  full.mutable_timeout()->set_seconds(60);
  full.mutable_heartbeat_timeout()->set_seconds(10);
  full.set_upstream_token("an upstream engine's token");
  full.mutable_trace()->set_traceparent("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
  full.mutable_contract()->add_allowed_errors("OnlyThis");
  pb::BatchIssueTasksRequest request;
  *request.add_items() = full;
  request.add_items()->set_namespace_("demo");
  request.add_items()->set_namespace_("NOT A NAME");
  request.add_items()->set_namespace_("demo");
  request.mutable_items(3)->set_correlation_key("order-1");
  request.mutable_items(3)->set_attempt(2);
  *request.add_items() = full;  // asked again
  request.add_items()->set_namespace_("demo");
  pb::BatchIssueTasksResponse response;
  ASSERT_TRUE(Call(*tasks_, &pb::TaskService::Stub::BatchIssueTasks, request, &response).ok());
  ASSERT_EQ(response.items_size(), 6);
  const auto issued = [&](int i) { return response.items(i).issued(); };
  EXPECT_TRUE(response.items(2).has_error());
  EXPECT_EQ(issued(3).superseded_task_id(), issued(0).task_id());
  EXPECT_TRUE(issued(4).replayed());
  EXPECT_EQ(issued(4).token(), issued(0).token());
  EXPECT_EQ(issued(4).state(), pb::TASK_STATE_SUPERSEDED);

  pb::Task task;
  ASSERT_TRUE(Get(ByToken(issued(0).token()), &task).ok());
  EXPECT_EQ(task.input(), full.input());
  EXPECT_EQ(task.summary(), full.summary());
  EXPECT_EQ(task.correlation_key(), "order-1");
  EXPECT_EQ(task.labels().at("team"), "billing");
  EXPECT_EQ(task.trace().traceparent(), full.trace().traceparent());
  EXPECT_EQ(task.heartbeat_timeout().seconds(), 10);
  EXPECT_TRUE(task.has_upstream_token());
  for (int i : {1, 5}) {
    EXPECT_EQ(issued(i).state(), pb::TASK_STATE_WAITING);
    EXPECT_FALSE(issued(i).replayed());
    EXPECT_EQ(issued(i).superseded_task_id(), "");
    ASSERT_TRUE(Get(ByToken(issued(i).token()), &task).ok());
    EXPECT_EQ(task.task_id(), issued(i).task_id());
    EXPECT_EQ(task.input() + task.summary() + task.correlation_key() + task.trace().traceparent(), "");
    EXPECT_TRUE(task.labels().empty());
    EXPECT_FALSE(task.has_heartbeat_timeout());
    EXPECT_FALSE(task.has_upstream_token());
  }
}

TEST_F(BatchTest, ABatchThatIsNotWellFormedIsRefusedAsAWholeHoweverManyItemsAre) {
  pb::BatchIssueTasksRequest request;
  request.add_items()->set_namespace_("demo");
  const std::string good = request.SerializeAsString();
  const std::string bad_text("\x0a\x03\x0a\x01\xff", 5);
  EXPECT_EQ(SendBytes("TaskService/BatchIssueTasks", good + bad_text).error_message(),
            "items[1].namespace must be UTF-8");
  for (const std::string& end : {std::string("\x0a\x05"), std::string("\x0a"), std::string("\x0c"),
                                 std::string("\x00", 1), std::string("\x0a\x01\xff")}) {
    const grpc::Status status = SendBytes("TaskService/BatchIssueTasks", good + end);
    EXPECT_EQ(status.error_message().substr(0, 70),
              "the request is not a well-formed tokenbroker.v1.BatchIssueTasksRequest");
  }
  EXPECT_EQ(broker_->GetStatus().open_tasks, 0u);
  const std::string unknown_field("\x7a\x02ok", 4);
  EXPECT_TRUE(SendBytes("TaskService/BatchIssueTasks", good + unknown_field + good).ok());
  EXPECT_EQ(broker_->GetStatus().open_tasks, 2u);
}

TEST_F(BatchTest, LimitedTokensAreGoodForTheirOwnItemsOnly) {
  const std::string full = IssueWithKey("order-1").token();
  const std::string to_fail = *token::Limit(full, {token::OnlyActions(token::kFail)});
  pb::BatchSettleRequest request;
  for (const std::string& token : {to_fail, full}) {
    auto* succeed = request.add_items()->mutable_succeed();
    *succeed->mutable_task() = ByToken(token);
    succeed->set_output("1");
  }
  pb::BatchSettleResponse response;
  ASSERT_TRUE(Call(*resolver_, &pb::ResolverService::Stub::BatchSettle, request, &response).ok());
  EXPECT_EQ(response.items(0).verdict(), pb::VERDICT_REFUSED);
  EXPECT_EQ(response.items(0).error().reason(), pb::ERROR_REASON_PERMISSION_DENIED);
  EXPECT_EQ(response.items(1).verdict(), pb::VERDICT_ACCEPTED);
  EXPECT_FALSE(response.items(1).has_error());
}

// Parsed, each of these would take a hundred times as much memory.
TEST_F(BatchTest, LargeMessagesOfNothingAreRefusedUnparsed) {
  const std::string items = Repeated({"\x0a\0", 2}, 1'000'000);
  for (const char* method : {"TaskService/BatchIssueTasks", "ResolverService/BatchSettle"}) {
    const grpc::Status status = SendBytes(method, items);
    EXPECT_EQ(status.error_message(), "items must hold at most 1000 elements") << method;
    EXPECT_EQ(ReasonOf(status), "INVALID_FIELD") << method;
    EXPECT_EQ(DetailOf<google::rpc::BadRequest>(status).field_violations(0).field(), "items") << method;
  }
  const grpc::Status stream = SendBytes("ResolverService/SettleStream", Repeated({"\x12\0", 2}, 1'000'000));
  EXPECT_EQ(stream.error_message(), "items must hold at most 1000 elements");
  const grpc::Status unknown = SendBytes("TaskService/GetTask", Repeated("\x78\x01", 1'000'000));
  EXPECT_EQ(ReasonOf(unknown), "INVALID_FIELD");
  EXPECT_EQ(unknown.error_message().substr(0, 24), "the request is too long:");
  const grpc::Status malformed = SendBytes("TaskService/GetTask", std::string(1'000'000, '\xff'));
  EXPECT_EQ(malformed.error_message().substr(0, 33), "the request is not a well-formed ");
}

TEST_F(BatchTest, ATextThatIsNotUtf8IsNamed) {
  pb::BatchSettleRequest batch;
  batch.add_items();
  batch.add_items()->mutable_succeed()->set_output("xx");
  pb::IssueTaskRequest issue;
  issue.set_correlation_key("xx");
  for (const auto& [method, text, field] :
       {std::make_tuple("ResolverService/BatchSettle", batch.SerializeAsString(), "items[1].succeed.output"),
        std::make_tuple("TaskService/IssueTask", issue.SerializeAsString(), "correlation_key")}) {
    std::string bytes = text;
    bytes.replace(bytes.find("xx"), 2, "x\xff");
    const grpc::Status status = SendBytes(method, bytes);
    EXPECT_EQ(ReasonOf(status), "INVALID_FIELD") << method;
    EXPECT_EQ(status.error_message(), std::string(field) + " must be UTF-8");
    EXPECT_EQ(DetailOf<google::rpc::BadRequest>(status).field_violations(0).field(), field) << method;
  }
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
  EXPECT_FALSE(response.items(3).error().has_resolved());
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
