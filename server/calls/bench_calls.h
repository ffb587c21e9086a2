// A call without a broker, for benchmarks: all that a call costs but the work.
#pragma once

#include "server/calls/call.h"
#include "tokenbroker/v1/task_service.pb.h"

namespace tokenbroker::calls {

class NullCall : public UnaryCall<pb::IssueTaskRequest, pb::IssueTaskResponse> {
 public:
  using UnaryCall::UnaryCall;

 private:
  void Begin() override {
    response().set_task_id("000000000000000000");
    response().set_token("T1000000000000000000000000000000000000000");
    response().mutable_deadline()->set_seconds(2'000'000'000);
    response().set_state(pb::TASK_STATE_WAITING);
    Answer();
  }
};

}  // namespace tokenbroker::calls
