// Outcomes to AWS Step Functions: SendTaskSuccess, SendTaskFailure and SendTaskHeartbeat for the token that it made.
//
//   succeeded          SendTaskSuccess
//   failed             SendTaskFailure
//   heartbeat timeout  SendTaskFailure, error States.HeartbeatTimeout unless set otherwise, and a cause that says
//                      that the broker saw it
//   timeout            SendTaskFailure, error States.Timeout, likewise
//
// What each answer means stands in step_functions_answer.h, what is not even sent in step_functions_limits.h.
#pragma once

#include <memory>
#include <string>

#include "server/forward/outcome_target.h"
#include "server/outbound/gate.h"
#include "server/targets/step_functions_api.h"

namespace tokenbroker::targets {

// By which names the engine hears of what expired. These are those of its own deadlines, so that a Catch for one holds
// for both; engines that keep names with "States." to themselves need others.
struct ExpiryErrors {
  std::string timeout = "States.Timeout";
  std::string heartbeat_timeout = "States.HeartbeatTimeout";
};

// Thread-safe.
class StepFunctionsTarget : public forward::OutcomeTarget {
 public:
  // The clock must outlive the target, and so must what `api` was made of.
  StepFunctionsTarget(std::unique_ptr<StepFunctionsApi> api, const Clock& clock, int max_under_way = 256,
                      ExpiryErrors errors = {});
  // Not from within a `done`.
  ~StepFunctionsTarget() override;

  void Deliver(forward::Delivery delivery, Done done) override;
  void Beat(const std::string& upstream_token, Done done) override;
  bool takes_heartbeats() const override { return true; }
  int64_t beats_available() const override;
  int max_under_way() const override { return max_under_way_; }

 private:
  struct Call;
  void Send(Call call, Done done);

  const std::unique_ptr<StepFunctionsApi> api_;
  const Clock& clock_;
  const int max_under_way_;
  const ExpiryErrors errors_;
  // Shared with answers that are out.
  const std::shared_ptr<outbound::Gate> gate_ = std::make_shared<outbound::Gate>();
};

}  // namespace tokenbroker::targets
