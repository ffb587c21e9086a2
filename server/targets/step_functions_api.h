// Step Functions' calls in one account and region: within the quota, signed, sent once.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "server/outbound/aws/json_client.h"
#include "server/targets/quota_book.h"

namespace tokenbroker::targets {

struct StepFunctionsPlace {
  std::string region;
  // Empty: AWS's own for the region.
  std::string endpoint;
  // Whose quota it is; any name will do that is the same for the same account.
  std::string account;
  // Of one call, the wait for the quota not included.
  DurationMs timeout = 20'000;
  // How long a call may wait for the quota.
  DurationMs longest_wait = 5'000;
};

struct StepFunctionsAnswer {
  // Not 0: nothing was sent, the quota would have made it wait for so long.
  DurationMs held_back = 0;
  outbound::aws::JsonAnswer json;
};

// Thread-safe.
class StepFunctionsApi {
 public:
  using Done = std::function<void(StepFunctionsAnswer)>;

  // All must outlive this and its answers.
  StepFunctionsApi(StepFunctionsPlace place, outbound::HttpClient& http,
                   std::shared_ptr<outbound::aws::CachedCredentials> credentials, QuotaBook& quotas,
                   const Clock& clock);

  // Never blocks. `body` is JSON and is sent as it is. `done` is called at most once, on any thread, perhaps before
  // this returns, perhaps when this is gone.
  void Call(std::string_view operation, std::string body, Done done);

  // Calls that the quota lets go right now.
  int64_t available(std::string_view operation) const;

  const StepFunctionsPlace& place() const { return place_; }

 private:
  const StepFunctionsPlace place_;
  QuotaBook& quotas_;
  // Calls that wait for the quota look whether it is still there.
  const std::shared_ptr<outbound::aws::JsonClient> client_;
};

}  // namespace tokenbroker::targets
