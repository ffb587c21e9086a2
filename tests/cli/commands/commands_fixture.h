// Whole command lines against a fake broker that issues tasks and takes successes.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "tests/cli/fake_broker.h"

namespace tokenbroker::cli {

inline v1::IssueTaskResponse Issued() {
  v1::IssueTaskResponse issued;
  issued.set_task_id("0123456789abcdef01");
  issued.set_token("tkSECRET");
  issued.mutable_deadline()->set_seconds(1'800'003'600);
  issued.set_state(v1::TASK_STATE_WAITING);
  return issued;
}

class CommandsTest : public ::testing::Test, protected CommandTest {
 protected:
  CommandsTest() {
    broker.issue = [this](const v1::IssueTaskRequest& request, DurationMs) -> absl::StatusOr<v1::IssueTaskResponse> {
      issue_requests_.push_back(request);
      if (issue_requests_.size() <= issue_failures_) return Away();
      return Issued();
    };
    broker.succeed = [this](const v1::SucceedRequest& request, DurationMs) -> absl::StatusOr<v1::SucceedResponse> {
      succeeded_ = request;
      v1::SucceedResponse response;
      response.set_verdict(v1::VERDICT_REPLAYED);
      response.set_task_id("0123456789abcdef01");
      return response;
    };
  }

  std::vector<v1::IssueTaskRequest> issue_requests_;
  size_t issue_failures_ = 0;
  v1::SucceedRequest succeeded_;
};

}  // namespace tokenbroker::cli
