#include "server/targets/target_factory.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "server/outbound/aws/chain.h"
#include "server/outbound/aws/endpoint.h"
#include "server/outbound/aws/shared_config.h"
#include "server/outbound/aws/sts_source.h"
#include "server/outbound/url.h"

namespace tokenbroker::targets {
namespace {

namespace aws = outbound::aws;

std::string AccountOf(const StepFunctionsSettings& settings) {
  if (!settings.account.empty()) return settings.account;
  const std::string account = aws::AccountOf(settings.role_arn);
  return account.empty() ? "profile " + settings.profile : account;
}

}  // namespace

TargetFactory::TargetFactory(aws::SurroundingsPtr surroundings, const Clock& clock, outbound::Timers& timers)
    : surroundings_(std::move(surroundings)), quotas_(clock, timers) {}

TargetFactory::Credentials TargetFactory::BaseCredentials(const std::string& profile, const std::string& region) {
  Credentials& credentials = base_[{profile, region}];
  if (credentials == nullptr) {
    credentials = std::make_shared<aws::CachedCredentials>(aws::StandardChain(surroundings_, profile, region),
                                                           surroundings_->clock);
  }
  return credentials;
}

TargetFactory::Credentials TargetFactory::CredentialsOf(const StepFunctionsSettings& settings,
                                                        const std::string& region) {
  Credentials base = BaseCredentials(settings.profile, region);
  if (settings.role_arn.empty()) return base;
  Credentials& credentials = roles_[{settings.role_arn, settings.external_id, settings.profile, region}];
  if (credentials == nullptr) {
    credentials = std::make_shared<aws::CachedCredentials>(
        aws::FromRole(surroundings_, aws::FromCached(std::move(base)),
                      {.arn = settings.role_arn, .external_id = settings.external_id, .region = region}),
        surroundings_->clock);
  }
  return credentials;
}

absl::Status TargetFactory::SetQuota(const StepFunctionsSettings& settings, const std::string& region) {
  if (settings.quota_burst == 0 && settings.quota_per_second == 0) return absl::OkStatus();
  Quota quota = PublishedQuota(region);
  if (settings.quota_burst > 0) quota.burst = settings.quota_burst;
  if (settings.quota_per_second > 0) quota.per_second = settings.quota_per_second;
  const std::string account = AccountOf(settings);
  if (quotas_.Grant(account, region, quota)) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(settings.quota_burst > 0 ? "quota_burst" : "quota_per_second",
                                                 ": another quota was set for the same account and region (", account,
                                                 ", ", region, ")"));
}

absl::StatusOr<std::unique_ptr<StepFunctionsApi>> TargetFactory::Api(const StepFunctionsSettings& settings) {
  const std::string region =
      settings.region.empty() ? aws::RegionOf(*surroundings_, settings.profile) : settings.region;
  if (region.empty()) {
    return absl::InvalidArgumentError("region: must be set: neither AWS_REGION nor the profile says which");
  }
  StepFunctionsPlace place{.region = region,
                           .endpoint = settings.endpoint,
                           .account = AccountOf(settings),
                           .timeout = settings.timeout,
                           .longest_wait = settings.longest_wait};
  if (place.endpoint.empty()) place.endpoint = aws::EndpointOf(*surroundings_, "SFN", "states", region);
  if (const absl::Status url = outbound::ParseUrl(place.endpoint).status(); !url.ok()) {
    return absl::InvalidArgumentError(absl::StrCat("endpoint: ", url.message()));
  }
  TB_RETURN_IF_ERROR(SetQuota(settings, region));
  return std::make_unique<StepFunctionsApi>(std::move(place), surroundings_->http, CredentialsOf(settings, region),
                                            quotas_, surroundings_->clock);
}

absl::StatusOr<std::unique_ptr<forward::OutcomeTarget>> TargetFactory::StepFunctions(
    const StepFunctionsSettings& settings) {
  TB_ASSIGN_OR_RETURN(std::unique_ptr<StepFunctionsApi> api, Api(settings));
  return std::make_unique<StepFunctionsTarget>(std::move(api), surroundings_->clock, settings.max_under_way,
                                               settings.errors);
}

absl::StatusOr<std::unique_ptr<StepFunctionsProxy>> TargetFactory::Proxy(const StepFunctionsSettings& settings) {
  TB_ASSIGN_OR_RETURN(std::unique_ptr<StepFunctionsApi> api, Api(settings));
  return std::make_unique<StepFunctionsProxy>(std::move(api));
}

absl::StatusOr<std::unique_ptr<forward::OutcomeTarget>> TargetFactory::Webhook(WebhookOptions options) {
  return WebhookTarget::Make(std::move(options), surroundings_->http, surroundings_->clock);
}

}  // namespace tokenbroker::targets
