#include "server/outgoing.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "server/forward/none_target.h"
#include "server/targets/step_functions_limits.h"

namespace tokenbroker {
namespace {

// Far beyond what AWS grants anybody.
constexpr int kMostBurst = 1'000'000;
constexpr int kMostPerSecond = 100'000;

bool CallsOut(const TargetConfig& target) {
  return target.kind == TargetKind::kWebhook || target.kind == TargetKind::kStepFunctions;
}

// Says which target it was that could not be made.
absl::StatusOr<std::unique_ptr<forward::OutcomeTarget>> Named(
    const TargetConfig& target, absl::StatusOr<std::unique_ptr<forward::OutcomeTarget>> made) {
  if (made.ok()) return made;
  return absl::InvalidArgumentError(absl::StrCat("targets.", target.name, ": ", made.status().message()));
}

aws::Relay RelayThrough(targets::StepFunctionsProxy& proxy) {
  return [&proxy](std::string_view operation, std::string body, std::function<void(aws::Relayed)> done) {
    proxy.Pass(operation, std::move(body), [done = std::move(done)](targets::StepFunctionsProxy::Reply reply) {
      done({reply.status, std::move(reply.content_type), std::move(reply.headers), std::move(reply.body)});
    });
  };
}

}  // namespace

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

absl::StatusOr<std::vector<forward::NamedTarget>> Outgoing::MakeTargets() {
  std::vector<forward::NamedTarget> made;
  for (const TargetConfig& target : config_.targets) {
    TB_ASSIGN_OR_RETURN(TargetPtr one, Make(target));
    made.push_back({target.name, std::move(one)});
  }
  return made;
}

absl::StatusOr<Outgoing::TargetPtr> Outgoing::Make(const TargetConfig& target) {
  switch (target.kind) {
    case TargetKind::kWebhook:
      return MakeWebhook(target);
    case TargetKind::kStepFunctions: {
      TB_ASSIGN_OR_RETURN(const targets::StepFunctionsSettings settings, ReadStepFunctions(target));
      return Named(target, factory_->StepFunctions(settings));
    }
    case TargetKind::kSubscriber:
      return MakeSubscriber(target);
    case TargetKind::kNone:
      break;
  }
  TB_RETURN_IF_ERROR(TargetOptions(target).Finish());
  return std::make_unique<forward::NoneTarget>();
}

absl::StatusOr<Outgoing::TargetPtr> Outgoing::MakeSubscriber(const TargetConfig& target) {
  TB_RETURN_IF_ERROR(TargetOptions(target).Finish());
  auto made = std::make_unique<forward::SubscriberTarget>();
  subscriber_targets_[target.name] = made.get();
  return made;
}

absl::StatusOr<Outgoing::TargetPtr> Outgoing::MakeWebhook(const TargetConfig& target) {
  TargetOptions read(target);
  targets::WebhookOptions options;
  options.url = read.Required("url");
  const std::vector<std::string> secret_files = read.Texts("secret_files");
  if (const std::string source = read.Text("source"); !source.empty()) options.source = source;
  options.allowed_addresses = read.Texts("allowed_addresses");
  options.allow_http = read.Flag("allow_http");
  options.timeout = read.Span("timeout", options.timeout, 100, 5 * units::kMinute);
  options.max_under_way = read.Count("max_under_way", options.max_under_way, 1, 1'000);
  TB_RETURN_IF_ERROR(read.Finish());
  for (const std::string& file : secret_files) {
    absl::StatusOr<std::string> secret = surroundings_->read_file(file);
    if (!secret.ok()) return read.Wrong("secret_files", secret.status().message());
    options.secrets.push_back(std::string(absl::StripAsciiWhitespace(*secret)));
  }
  return Named(target, factory_->Webhook(std::move(options)));
}

absl::StatusOr<targets::StepFunctionsSettings> Outgoing::ReadStepFunctions(const TargetConfig& target) const {
  TargetOptions read(target);
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
  TB_RETURN_IF_ERROR(read.Finish());
  return settings;
}

absl::StatusOr<aws::Relay> Outgoing::MakeRelay() {
  const std::string& wanted = config_.forwarding.proxy_target;
  if (wanted.empty()) return aws::Relay();
  const auto target = std::find_if(config_.targets.begin(), config_.targets.end(),
                                   [&](const TargetConfig& each) { return each.name == wanted; });
  if (target == config_.targets.end() || target->kind != TargetKind::kStepFunctions) {
    return absl::InvalidArgumentError("forwarding.proxy_target: must be the name of a target of kind step_functions");
  }
  TB_ASSIGN_OR_RETURN(const targets::StepFunctionsSettings settings, ReadStepFunctions(*target));
  TB_ASSIGN_OR_RETURN(proxy_, factory_->Proxy(settings));
  return RelayThrough(*proxy_);
}

}  // namespace tokenbroker
