#include "cli/advice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/error.h"
#include "cli/exit_code.h"
#include "google/rpc/error_details.pb.h"
#include "tests/cli/fake_broker.h"

namespace tokenbroker::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

absl::Status Expired() {
  v1::ItemError error;
  error.set_code(9);
  error.set_reason(v1::ERROR_REASON_TASK_EXPIRED);
  error.set_message("the task expired");
  error.mutable_resolved()->set_task_id("0123456789abcdef01");
  error.mutable_resolved()->set_state(v1::TASK_STATE_EXPIRED);
  error.mutable_resolved()->mutable_outcome()->set_error("HeartbeatTimeout");
  error.mutable_resolved()->mutable_outcome()->set_resolved_by("broker");
  return MakeError(error);
}

TEST(Advice, SaysWhatWhyAndWhatToDo) {
  const std::string text = Explain(Expired());
  EXPECT_THAT(text, HasSubstr("tokenctl: the task expired\n"));
  EXPECT_THAT(text, HasSubstr("reason:    TASK_EXPIRED"));
  EXPECT_THAT(text, HasSubstr("recorded:  EXPIRED \"HeartbeatTimeout\" by broker"));
  EXPECT_THAT(text, HasSubstr("do:        stop the work"));
}

absl::Status Conflict(const std::string& task_id) {
  v1::ItemError error;
  error.set_code(9);
  error.set_reason(v1::ERROR_REASON_TASK_ALREADY_RESOLVED);
  error.mutable_resolved()->set_task_id(task_id);
  error.mutable_resolved()->set_state(v1::TASK_STATE_SUCCEEDED);
  return MakeError(error);
}

TEST(Advice, WhereThereIsNoTaskNoneIsShown) {
  EXPECT_THAT(Explain(Conflict("0123456789abcdef01")), HasSubstr("See it with: tokenctl get"));
  EXPECT_THAT(Explain(Conflict("")), HasSubstr("the first outcome waits for the task with this key"));
  EXPECT_THAT(Explain(Conflict("")), Not(HasSubstr("tokenctl get")));
}

TEST(Advice, WhatIsFullMayBeParkedOutcomes) {
  const std::string text = Explain(Refusal(absl::StatusCode::kResourceExhausted, v1::ERROR_REASON_NAMESPACE_LIMIT));
  EXPECT_THAT(text, HasSubstr("a parked outcome goes when its task is issued"));
}

TEST(Advice, ShowsTheRequestId) {
  google::rpc::Status status;
  status.set_code(13);
  status.set_message("fault");
  EXPECT_THAT(Explain(MakeError(status, "req-1")), HasSubstr("request:   req-1"));
}

TEST(Advice, EveryReasonHasAdvice) {
  for (int i = v1::ErrorReason_MIN + 1; i <= v1::ErrorReason_MAX; ++i) {
    if (!v1::ErrorReason_IsValid(i)) continue;
    const auto reason = static_cast<v1::ErrorReason>(i);
    EXPECT_THAT(Explain(Refusal(absl::StatusCode::kInternal, reason)), HasSubstr("do:"))
        << v1::ErrorReason_Name(reason);
  }
}

TEST(Advice, AReasonOfANewerBrokerIsStillShown) {
  google::rpc::ErrorInfo info;
  info.set_reason("BRAND_NEW");
  google::rpc::Status status;
  status.set_code(9);
  status.add_details()->PackFrom(info);
  EXPECT_THAT(Explain(MakeError(status)), HasSubstr("BRAND_NEW"));
  EXPECT_EQ(ExitCodeFor(MakeError(status)), kConflict);
}

TEST(Advice, ControlCharactersCannotSteerTheTerminal) {
  EXPECT_THAT(Explain(absl::InternalError("a\x1b[2Jb")), Not(HasSubstr("\x1b")));
}

TEST(ExitCode, FollowsTheTable) {
  using absl::StatusCode;
  EXPECT_EQ(ExitCodeFor(absl::OkStatus()), 0);
  EXPECT_EQ(ExitCodeFor(absl::InternalError("")), 1);
  EXPECT_EQ(ExitCodeFor(absl::InvalidArgumentError("")), 2);
  EXPECT_EQ(ExitCodeFor(Refusal(StatusCode::kNotFound, v1::ERROR_REASON_TASK_UNKNOWN)), 3);
  EXPECT_EQ(ExitCodeFor(Refusal(StatusCode::kFailedPrecondition, v1::ERROR_REASON_TASK_ALREADY_RESOLVED)), 4);
  EXPECT_EQ(ExitCodeFor(Refusal(StatusCode::kAlreadyExists, v1::ERROR_REASON_CORRELATION_KEY_IN_USE)), 4);
  EXPECT_EQ(ExitCodeFor(Expired()), 5);
  EXPECT_EQ(ExitCodeFor(Refusal(StatusCode::kUnauthenticated, v1::ERROR_REASON_CREDENTIALS_UNKNOWN)), 6);
  EXPECT_EQ(ExitCodeFor(Refusal(StatusCode::kPermissionDenied, v1::ERROR_REASON_PERMISSION_DENIED)), 6);
  EXPECT_EQ(ExitCodeFor(Away()), 7);
  EXPECT_EQ(ExitCodeFor(Refusal(StatusCode::kResourceExhausted, v1::ERROR_REASON_DISK_FULL)), 7);
  EXPECT_EQ(ExitCodeFor(Refusal(StatusCode::kInvalidArgument, v1::ERROR_REASON_CONTRACT_VIOLATION)), 8);
  EXPECT_EQ(ExitCodeFor(Refusal(StatusCode::kFailedPrecondition, v1::ERROR_REASON_TASK_CANCELLED)), 9);
  EXPECT_EQ(ExitCodeFor(Refusal(StatusCode::kFailedPrecondition, v1::ERROR_REASON_TASK_SUPERSEDED)), 9);
  EXPECT_EQ(ExitCodeFor(v1::TASK_STATE_FAILED), 10);
  EXPECT_EQ(ExitCodeFor(v1::TASK_STATE_WAITING), 11);
}

TEST(ExitCode, AVerdictWithoutDetailsIsUnderstoodToo) {
  v1::SettlementResult result;
  result.set_verdict(v1::VERDICT_SUPERSEDED);
  EXPECT_EQ(ExitCodeFor(StatusOf(result)), kCancelled);
  result.set_verdict(v1::VERDICT_PARKED);
  EXPECT_TRUE(StatusOf(result).ok());
}

}  // namespace
}  // namespace tokenbroker::cli
