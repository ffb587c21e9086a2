#include "server/host/outgoing.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status_macros.h"
#include "base/system_clock.h"
#include "server/forward/none_target.h"
#include "server/host/faults.h"
#include "server/targets/step_functions_limits.h"

namespace tokenbroker {
namespace {

// Far beyond what AWS grants anybody.
constexpr int kMostBurst = 1'000'000;
constexpr int kMostPerSecond = 100'000;
constexpr char kProxyTargetRule[] = "must be the name of a target of kind step_functions";

using MadeTarget = std::unique_ptr<forward::OutcomeTarget>;

bool CallsOut(const TargetConfig& target) {
  return target.kind == TargetKind::kWebhook || target.kind == TargetKind::kStepFunctions;
}

// A maker's refusals are lines "url: the rule".
MadeTarget Named(const TargetConfig& target, absl::StatusOr<MadeTarget> made, std::vector<ConfigFault>& faults) {
  if (made.ok()) return *std::move(made);
  for (ConfigFault& fault : FaultsOf(made.status(), absl::StrCat("targets.", target.name, "."))) {
    const auto same = [&](const ConfigFault& known) { return known.setting == fault.setting; };
    if (std::none_of(faults.begin(), faults.end(), same)) faults.push_back(std::move(fault));
  }
  return nullptr;
}

absl::Status Refused(const std::vector<ConfigFault>& faults) {
  return absl::InvalidArgumentError(absl::StrJoin(faults, "\n", [](std::string* out, const ConfigFault& fault) {
    absl::StrAppend(out, fault.setting, ": ", fault.what);
  }));
}

targets::StepFunctionsSettings ReadStepFunctions(const TargetConfig& target, std::vector<ConfigFault>& faults) {
  TargetOptions read(target, faults);
  targets::StepFunctionsSettings settings;
  settings.region = read.Text("region");
  settings.endpoint = read.Text("endpoint");
  settings.account = read.Text("account");
  settings.profile = read.Text("profile");
  settings.role_arn = read.Text("role_arn");
  settings.external_id = read.Text("external_id");
  settings.timeout = read.Span("timeout", settings.timeout, 100, 5 * units::kMinute);
  settings.longest_wait = read.Span("longest_wait", settings.longest_wait, 100, units::kMinute);
  settings.max_under_way = read.Count("max_under_way", settings.max_under_way, 1, 4'096);
  targets::ExpiryErrors& errors = settings.errors;
  errors.timeout = read.TextOr("timeout_error", errors.timeout, targets::kMaxError);
  errors.heartbeat_timeout = read.TextOr("heartbeat_timeout_error", errors.heartbeat_timeout, targets::kMaxError);
  settings.quota_burst = read.Count("quota_burst", settings.quota_burst, 1, kMostBurst);
  settings.quota_per_second = read.Count("quota_per_second", settings.quota_per_second, 1, kMostPerSecond);
  read.Finish();
  return settings;
}

const TargetConfig* FindProxyTarget(const Config& config) {
  const auto target = std::find_if(config.targets.begin(), config.targets.end(), [&](const TargetConfig& each) {
    return each.name == config.forwarding.proxy_target && each.kind == TargetKind::kStepFunctions;
  });
  return target == config.targets.end() ? nullptr : &*target;
}

aws::Relay RelayThrough(targets::StepFunctionsProxy& proxy) {
  return [&proxy](std::string_view operation, std::string body, std::function<void(aws::Relayed)> done) {
    proxy.Pass(operation, std::move(body), [done = std::move(done)](targets::StepFunctionsProxy::Reply reply) {
      done({reply.status, std::move(reply.content_type), std::move(reply.headers), std::move(reply.body)});
    });
  };
}

}  // namespace

bool NeedsUpstreamToken(TargetKind kind) { return kind == TargetKind::kStepFunctions; }

absl::StatusOr<std::unique_ptr<Outgoing>> Outgoing::Open(const Config& config, const Environment& environment,
                                                         const Clock& clock) {
  std::unique_ptr<Outgoing> outgoing(new Outgoing(config));
  if (std::none_of(config.targets.begin(), config.targets.end(), CallsOut)) return outgoing;
  TB_ASSIGN_OR_RETURN(outgoing->http_, outbound::CurlClient::Start({.ca_file = config.forwarding.ca_file,
                                                                    .proxy = config.forwarding.http_proxy}));
  outgoing->surroundings_ = outbound::aws::RealSurroundings(environment, *outgoing->http_, outgoing->wall_clock_);
  outgoing->factory_ = std::make_unique<targets::TargetFactory>(outgoing->surroundings_, clock, *outgoing->http_);
  return outgoing;
}

std::vector<ConfigFault> Outgoing::Check(const Config& config, const Environment& environment) {
  std::vector<ConfigFault> faults;
  const SystemClock clock(0);
  absl::StatusOr<std::unique_ptr<Outgoing>> outgoing = Open(config, environment, clock);
  if (!outgoing.ok()) return {{"forwarding", std::string(outgoing.status().message())}};
  for (const TargetConfig& target : config.targets) (*outgoing)->Make(target, faults);
  if (!config.forwarding.proxy_target.empty() && FindProxyTarget(config) == nullptr) {
    faults.push_back({"forwarding.proxy_target", kProxyTargetRule});
  }
  return faults;
}

absl::StatusOr<std::vector<forward::NamedTarget>> Outgoing::MakeTargets() {
  std::vector<forward::NamedTarget> made;
  std::vector<ConfigFault> faults;
  for (const TargetConfig& target : config_.targets) made.push_back({target.name, Make(target, faults)});
  if (!faults.empty()) return Refused(faults);
  return made;
}

Outgoing::TargetPtr Outgoing::Make(const TargetConfig& target, std::vector<ConfigFault>& faults) {
  switch (target.kind) {
    case TargetKind::kWebhook:
      return MakeWebhook(target, faults);
    case TargetKind::kStepFunctions:
      return Named(target, factory_->StepFunctions(ReadStepFunctions(target, faults)), faults);
    case TargetKind::kSubscriber:
      TargetOptions(target, faults).Finish();
      return MakeSubscriber(target);
    case TargetKind::kNone:
      break;
  }
  TargetOptions(target, faults).Finish();
  return std::make_unique<forward::NoneTarget>();
}

Outgoing::TargetPtr Outgoing::MakeSubscriber(const TargetConfig& target) {
  auto made = std::make_unique<forward::SubscriberTarget>();
  subscriber_targets_[target.name] = made.get();
  return made;
}

Outgoing::TargetPtr Outgoing::MakeWebhook(const TargetConfig& target, std::vector<ConfigFault>& faults) {
  return Named(target, factory_->Webhook(ReadWebhook(target, faults)), faults);
}

targets::WebhookOptions Outgoing::ReadWebhook(const TargetConfig& target, std::vector<ConfigFault>& faults) const {
  TargetOptions read(target, faults);
  targets::WebhookOptions options;
  options.url = read.Required("url");
  if (const std::string source = read.Text("source"); !source.empty()) options.source = source;
  options.allowed_addresses = read.Texts("allowed_addresses");
  options.allow_http = read.Flag("allow_http");
  options.timeout = read.Span("timeout", options.timeout, 100, 5 * units::kMinute);
  options.max_under_way = read.Count("max_under_way", options.max_under_way, 1, 1'000);
  for (const std::string& file : read.Texts("secret_files")) {
    absl::StatusOr<std::string> secret = surroundings_->read_file(file);
    if (secret.ok()) {
      options.secrets.push_back(std::string(absl::StripAsciiWhitespace(*secret)));
    } else {
      read.Fault("secret_files", secret.status().message());
    }
  }
  read.Finish();
  return options;
}

absl::StatusOr<aws::Relay> Outgoing::MakeRelay() {
  if (config_.forwarding.proxy_target.empty()) return aws::Relay();
  const TargetConfig* target = FindProxyTarget(config_);
  if (target == nullptr) return Refused({{"forwarding.proxy_target", kProxyTargetRule}});
  std::vector<ConfigFault> faults;
  const targets::StepFunctionsSettings settings = ReadStepFunctions(*target, faults);
  if (!faults.empty()) return Refused(faults);
  TB_ASSIGN_OR_RETURN(proxy_, factory_->Proxy(settings));
  return RelayThrough(*proxy_);
}

}  // namespace tokenbroker
