// (fact) x (operation): the AWS door and the gRPC door give one verdict, and one record.
#include <gtest/gtest.h>

#include <functional>

#include "tests/aws/door_fixture.h"

namespace tokenbroker::aws {
namespace {

constexpr char kOutput[] = R"({"paid":true})";

class VerdictTableTest : public AwsDoorFixture {
 protected:
  // Makes a task of which the fact holds, and answers the token that is presented.
  using Fact = std::function<std::string()>;

  std::string Fresh() { return IssueTask().token(); }

  std::string Succeeded(const std::string& output) {
    const std::string token = Fresh();
    EXPECT_TRUE(Succeed(ByToken(token), output).ok());
    return token;
  }

  std::string Failed(const std::string& error, const std::string& cause) {
    const std::string token = Fresh();
    pb::FailRequest request;
    request.mutable_task()->set_token(token);
    request.set_error(error);
    request.set_cause(cause);
    pb::FailResponse response;
    EXPECT_TRUE(DoorFixture::Call(*resolver_, &pb::ResolverService::Stub::Fail, request, &response).ok());
    return token;
  }

  std::string Expired() {
    const auto task = IssueTask([](pb::IssueTaskRequest& r) { r.mutable_timeout()->set_seconds(1); });
    clock_.Advance(1000);
    return task.token();
  }

  std::string Cancelled() {
    const auto task = IssueTask();
    pb::CancelTaskRequest request;
    request.mutable_task()->set_task_id(task.task_id());
    pb::CancelTaskResponse response;
    EXPECT_TRUE(DoorFixture::Call(*tasks_, &pb::TaskService::Stub::CancelTask, request, &response).ok());
    return task.token();
  }

  std::string Superseded() {
    const std::string key = "k" + std::to_string(++keys_used_);
    const auto attempt = [&](uint32_t number) {
      return IssueTask([&](pb::IssueTaskRequest& r) {
        r.set_correlation_key(key);
        r.set_attempt(number);
      });
    };
    const auto first = attempt(1);
    attempt(2);
    return first.token();
  }

  std::string Forged() {
    std::string token = Fresh();
    token.back() = token.back() == '0' ? '1' : '0';
    return token;
  }

  std::string Upstream(bool registered) {
    const std::string token = "AQCEAAAAKgAAAAMAAAAA" + std::to_string(++keys_used_);
    if (registered) IssueTask([&](pb::IssueTaskRequest& r) { r.set_upstream_token(token); });
    return token;
  }

  std::string Contracted() {
    return IssueTask([](pb::IssueTaskRequest& r) {
             r.mutable_contract()->set_output_schema(R"({"type":"array"})");
             r.mutable_contract()->add_allowed_errors("Other");
           })
        .token();
  }

  // --- What each door says ---

  std::string OverGrpc(const std::string& operation, const std::string& token) {
    if (operation == "SendTaskSuccess") {
      pb::SucceedResponse response;
      const grpc::Status status = Succeed(ByToken(token), kOutput, &response);
      return status.ok() ? pb::Verdict_Name(response.verdict()).substr(8) : ReasonOf(status);
    }
    if (operation == "SendTaskFailure") {
      pb::FailRequest request;
      request.mutable_task()->set_token(token);
      request.set_error("E");
      request.set_cause("why");
      pb::FailResponse response;
      const grpc::Status status = DoorFixture::Call(*resolver_, &pb::ResolverService::Stub::Fail, request, &response);
      return status.ok() ? pb::Verdict_Name(response.verdict()).substr(8) : ReasonOf(status);
    }
    pb::HeartbeatRequest request;
    request.mutable_task()->set_token(token);
    pb::HeartbeatResponse response;
    return ReasonOf(DoorFixture::Call(*resolver_, &pb::ResolverService::Stub::Heartbeat, request, &response));
  }

  std::string OverAws(const std::string& operation, const std::string& token, std::string* error) {
    const std::string body = operation == "SendTaskSuccess"   ? SuccessBody(token, kOutput)
                             : operation == "SendTaskFailure" ? FailureBody(token, "E", "why")
                                                              : HeartbeatBody(token);
    const Answer answer = Call(operation, body);
    *error = std::string(answer.error);
    if (answer.status != 200) return HeaderOf(answer, "x-tokenbroker-reason");
    return operation == "SendTaskHeartbeat" ? "OK" : HeaderOf(answer, "x-tokenbroker-verdict");
  }

  // State and outcome as anybody sees them, "" if there is no task.
  std::string Record(const std::string& token) {
    pb::GetTaskRequest request;
    request.mutable_task()->set_token(token);
    request.set_view(pb::TASK_VIEW_FULL);
    pb::GetTaskResponse response;
    if (!DoorFixture::Call(*tasks_, &pb::TaskService::Stub::GetTask, request, &response).ok()) return "";
    const pb::Task& task = response.task();
    return pb::TaskState_Name(task.state()) + "|" + task.outcome().output() + "|" + task.outcome().error() + "|" +
           task.outcome().cause() + "|" + task.outcome().resolved_by();
  }

  int keys_used_ = 0;
};

struct Row {
  const char* fact;
  std::function<std::string()> make;
  // The AWS error of SendTaskSuccess, SendTaskFailure, SendTaskHeartbeat; "": none.
  const char* errors[3];
};

TEST_F(VerdictTableTest, OneFactHasOneVerdict) {
  const char* over = "TaskTimedOut";
  const Row rows[] = {
      {"waiting", [&] { return Fresh(); }, {"", "", ""}},
      {"waiting, by upstream token", [&] { return Upstream(true); }, {"", "", ""}},
      {"succeeded with the same output", [&] { return Succeeded(kOutput); }, {"", over, over}},
      {"succeeded with another output", [&] { return Succeeded("1"); }, {over, over, over}},
      {"failed in the same way", [&] { return Failed("E", "why"); }, {over, "", over}},
      {"failed in another way", [&] { return Failed("E", "other"); }, {over, over, over}},
      {"expired", [&] { return Expired(); }, {over, over, over}},
      {"cancelled", [&] { return Cancelled(); }, {over, over, over}},
      {"superseded", [&] { return Superseded(); }, {over, over, over}},
      {"forged token", [&] { return Forged(); }, {"InvalidToken", "InvalidToken", "InvalidToken"}},
      {"unknown upstream token", [&] { return Upstream(false); }, {"InvalidToken", "InvalidToken", "InvalidToken"}},
      {"sealed, but no task",
       [&] {
         return codec_->Seal({0, 4711, 0});
       },
       {"TaskDoesNotExist", "TaskDoesNotExist", "TaskDoesNotExist"}},
      {"against the contract", [&] { return Contracted(); }, {"InvalidOutput", "ValidationException", ""}},
  };
  const char* const operations[] = {"SendTaskSuccess", "SendTaskFailure", "SendTaskHeartbeat"};
  for (const Row& row : rows) {
    for (int i = 0; i < 3; ++i) {
      const std::string here = row.make(), there = row.make();
      std::string error;
      EXPECT_EQ(OverAws(operations[i], here, &error), OverGrpc(operations[i], there))
          << row.fact << ", " << operations[i];
      EXPECT_EQ(error, row.errors[i]) << row.fact << ", " << operations[i];
      EXPECT_EQ(Record(here), Record(there)) << row.fact << ", " << operations[i];
    }
  }
}

TEST_F(VerdictTableTest, WhatOneDoorRecordsTheOtherReplays) {
  const std::string here = Fresh(), there = Fresh();
  std::string error;
  EXPECT_EQ(OverAws("SendTaskSuccess", here, &error), "ACCEPTED");
  EXPECT_EQ(OverGrpc("SendTaskSuccess", here), "REPLAYED");
  EXPECT_EQ(OverGrpc("SendTaskFailure", there), "ACCEPTED");
  EXPECT_EQ(OverAws("SendTaskFailure", there, &error), "REPLAYED");
}

}  // namespace
}  // namespace tokenbroker::aws
