// Everything that leaves the broker by itself: the configured targets, the HTTP client that they share, and the way
// for AWS calls that are not ours. The only place that knows every kind of target.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "server/aws/relay.h"
#include "server/config/config.h"
#include "server/config/load.h"
#include "server/forward/forwarder.h"
#include "server/forward/subscriber_target.h"
#include "server/host/target_options.h"
#include "server/outbound/curl_client.h"
#include "server/outbound/wall_clock.h"
#include "server/targets/target_factory.h"

namespace tokenbroker {

// Whether outcomes reach targets of this kind by their tasks' upstream tokens, and no other way.
bool NeedsUpstreamToken(TargetKind kind);

// Outlives the targets and the relay that it makes.
class Outgoing {
 public:
  // The HTTP client has a thread, and is started only if a target needs it. The clock must outlive this.
  static absl::StatusOr<std::unique_ptr<Outgoing>> Open(const Config& config, const Environment& environment,
                                                        const Clock& clock);

  // What Make* below would refuse: makes everything as they do, and lets it go. Nothing is asked for over the network.
  static std::vector<ConfigFault> Check(const Config& config, const Environment& environment);

  // Once. INVALID_ARGUMENT lists the settings that are wrong.
  absl::StatusOr<std::vector<forward::NamedTarget>> MakeTargets();
  // Those of them that wait for subscribers; valid as long as they are.
  const forward::SubscriberTargets& subscriber_targets() const { return subscriber_targets_; }

  // Passes AWS calls for tokens that nobody here knows to the Step Functions of forwarding.proxy_target; nullptr if
  // that is not set.
  absl::StatusOr<aws::Relay> MakeRelay();

 private:
  using TargetPtr = std::unique_ptr<forward::OutcomeTarget>;

  explicit Outgoing(const Config& config) : config_(config) {}

  // nullptr adds to `faults`.
  TargetPtr Make(const TargetConfig& target, std::vector<ConfigFault>& faults);
  TargetPtr MakeWebhook(const TargetConfig& target, std::vector<ConfigFault>& faults);
  TargetPtr MakeSubscriber(const TargetConfig& target);
  targets::WebhookOptions ReadWebhook(const TargetConfig& target, std::vector<ConfigFault>& faults) const;

  const Config config_;
  const outbound::WallClock wall_clock_;
  std::unique_ptr<outbound::CurlClient> http_;
  outbound::aws::SurroundingsPtr surroundings_;
  std::unique_ptr<targets::TargetFactory> factory_;
  std::unique_ptr<targets::StepFunctionsProxy> proxy_;
  forward::SubscriberTargets subscriber_targets_;
};

}  // namespace tokenbroker
