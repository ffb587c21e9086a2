// Makes targets out of settings, and keeps what they share: credentials, and quotas.
//
//   TB_ASSIGN_OR_RETURN(auto http, outbound::CurlClient::Start({}));
//   TargetFactory factory(outbound::aws::RealSurroundings(environment, *http, wall_clock), clock, *http);
//   TB_ASSIGN_OR_RETURN(auto target, factory.StepFunctions({.region = "eu-west-1", .role_arn = "arn:aws:iam::..."}));
#pragma once

#include <map>
#include <memory>
#include <string>
#include <tuple>

#include "absl/status/statusor.h"
#include "server/forward/outcome_target.h"
#include "server/outbound/aws/surroundings.h"
#include "server/targets/quota_book.h"
#include "server/targets/step_functions_api.h"
#include "server/targets/step_functions_proxy.h"
#include "server/targets/step_functions_target.h"
#include "server/targets/webhook_target.h"

namespace tokenbroker::targets {

struct StepFunctionsSettings {
  // Empty: as the environment or the profile has it.
  std::string region;
  // Empty: as the environment has it (AWS_ENDPOINT_URL_SFN), or AWS's own.
  std::string endpoint;
  // Under whose name quotas are shared; empty: the role's account, or else the profile's name.
  std::string account;
  // Of the shared files; empty: the standard chain.
  std::string profile;
  // Assumed with the credentials that are found so; empty: none.
  std::string role_arn;
  std::string external_id;
  // 0: as AWS publishes it. All targets of one account and region must agree.
  int quota_burst = 0;
  int quota_per_second = 0;
  DurationMs timeout = 20'000;
  DurationMs longest_wait = 5'000;
  int max_under_way = 256;
  ExpiryErrors errors;
};

// Not thread-safe: for whoever starts the broker.
class TargetFactory {
 public:
  // The surroundings' clock has the time of day (outbound/wall_clock.h); quotas go by `clock`, which knows no steps.
  // These and the timers must outlive the factory; the factory must outlive what it makes.
  TargetFactory(outbound::aws::SurroundingsPtr surroundings, const Clock& clock, outbound::Timers& timers);

  QuotaBook& quotas() { return quotas_; }

  // INVALID_ARGUMENT, "region: the rule" with the setting's name, if no region can be found, the endpoint is no URL, or
  // another quota was set for the same place before. Credentials are
  // asked for with the first call: a target whose credentials are missing says so in its answers.
  absl::StatusOr<std::unique_ptr<forward::OutcomeTarget>> StepFunctions(const StepFunctionsSettings& settings);
  absl::StatusOr<std::unique_ptr<StepFunctionsProxy>> Proxy(const StepFunctionsSettings& settings);
  // INVALID_ARGUMENT as WebhookTarget::Make has it.
  absl::StatusOr<std::unique_ptr<forward::OutcomeTarget>> Webhook(WebhookOptions options);

 private:
  using Credentials = std::shared_ptr<outbound::aws::CachedCredentials>;

  absl::Status SetQuota(const StepFunctionsSettings& settings, const std::string& region);
  absl::StatusOr<std::unique_ptr<StepFunctionsApi>> Api(const StepFunctionsSettings& settings);
  Credentials BaseCredentials(const std::string& profile, const std::string& region);
  Credentials CredentialsOf(const StepFunctionsSettings& settings, const std::string& region);

  const outbound::aws::SurroundingsPtr surroundings_;
  QuotaBook quotas_;
  // By profile and region; and those of roles, by role, external id and these.
  std::map<std::tuple<std::string, std::string>, Credentials> base_;
  std::map<std::tuple<std::string, std::string, std::string, std::string>, Credentials> roles_;
};

}  // namespace tokenbroker::targets
