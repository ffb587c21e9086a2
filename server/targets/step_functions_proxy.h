// Calls that are Step Functions' own business, passed on as they came: so that a fleet moves to the broker by changing
// one endpoint, and tokens that the broker has never seen still work.
//
//   proxy.Pass("SendTaskSuccess", body, [..](StepFunctionsProxy::Reply reply) { ...status, fields, body... });
//
// The body goes unchanged and comes back unchanged; the signature is the broker's, the caller's was for the broker.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/outbound/gate.h"
#include "server/targets/step_functions_api.h"

namespace tokenbroker::targets {

// Thread-safe.
class StepFunctionsProxy {
 public:
  struct Reply {
    int status = 200;
    std::string content_type;
    // x-amzn-requestid, x-amzn-errortype and retry-after, if they are there.
    std::vector<std::pair<std::string_view, std::string>> headers;
    std::string body;
    // "TaskTimedOut"; empty: none. For whoever counts.
    std::string error;
  };
  using Done = std::function<void(Reply)>;

  // What `api` was made of must outlive this.
  explicit StepFunctionsProxy(std::unique_ptr<StepFunctionsApi> api) : api_(std::move(api)) {}
  // Nobody is answered any more when it returns. Not from within a `done`.
  ~StepFunctionsProxy() { gate_->Close(); }
  StepFunctionsProxy(const StepFunctionsProxy&) = delete;
  StepFunctionsProxy& operator=(const StepFunctionsProxy&) = delete;

  // SendTaskSuccess, SendTaskFailure or SendTaskHeartbeat.
  static bool Passes(std::string_view operation);

  // Only what Passes. Never blocks; `done` is called at most once, on any thread, perhaps before this returns. Where
  // there is no answer of Step Functions it is an error that AWS's SDKs try again: ThrottlingException if the quota is
  // used up, else ServiceUnavailableException, which says why but nothing of the call.
  void Pass(std::string_view operation, std::string body, Done done);

 private:
  const std::unique_ptr<StepFunctionsApi> api_;
  // Shared with answers that are out.
  const std::shared_ptr<outbound::Gate> gate_ = std::make_shared<outbound::Gate>();
};

}  // namespace tokenbroker::targets
