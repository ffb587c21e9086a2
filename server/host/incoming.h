// Everything that comes into the broker by itself: the intakes, and the HTTP client by which they ask.
#pragma once

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "server/calls/door.h"
#include "server/config/config.h"
#include "server/config/load.h"
#include "server/intake/event_rules.h"
#include "server/intake/intakes.h"
#include "server/outbound/curl_client.h"
#include "server/outbound/wall_clock.h"
#include "server/telemetry/metrics.h"

namespace tokenbroker {

class Incoming {
 public:
  // What Open and StartPolling would refuse; nothing is asked for over the network.
  static std::vector<ConfigFault> Check(const IntakeConfig& config, const Environment& environment);
  // INVALID_ARGUMENT names the rule for events that is wrong. The clock and the registry must outlive this.
  static absl::StatusOr<std::unique_ptr<Incoming>> Open(const Config& config, const Environment& environment,
                                                        const Clock& clock, MetricsRegistry& registry);
  // StopPolling(0), if it was not called.
  ~Incoming();

  // nullptr: no event makes a task.
  const intake::EventRules* event_rules() const { return event_rules_.get(); }

  // The HTTP client has a thread, and is started only if something is polled. INVALID_ARGUMENT names the intake and the
  // setting that is wrong.
  absl::Status StartPolling(const calls::Door& door);
  // Asks for nothing more.
  void Drain();
  // Waits so long for what is in hand, then hangs up. The broker must still take tasks.
  void StopPolling(DurationMs timeout);

 private:
  Incoming(const Config& config, const Environment& environment, const Clock& clock, MetricsRegistry& registry)
      : config_(config), environment_(environment), clock_(clock), registry_(registry) {}

  const Config config_;
  const Environment environment_;
  const Clock& clock_;
  MetricsRegistry& registry_;
  const outbound::WallClock wall_clock_;
  std::unique_ptr<intake::EventRules> event_rules_;
  std::unique_ptr<intake::Intakes> intakes_;
  // Behind them, because it ends first.
  std::unique_ptr<outbound::CurlClient> http_;
};

}  // namespace tokenbroker
