#include "server/host/incoming.h"

#include <algorithm>

#include "base/random.h"
#include "base/status_macros.h"
#include "server/host/faults.h"
#include "server/outbound/aws/surroundings.h"

namespace tokenbroker {
namespace {

// Each poller holds one connection nearly always, and at times a second one to its dead-letter queue.
outbound::CurlOptions HttpOptions(const Config& config) {
  int pollers = 0;
  for (const ActivityIntake& activity : config.intake.activities) pollers += static_cast<int>(activity.pollers);
  for (const QueueIntake& queue : config.intake.queues) pollers += static_cast<int>(queue.pollers);
  outbound::CurlOptions options;
  options.ca_file = config.forwarding.ca_file;
  options.proxy = config.forwarding.http_proxy;
  options.thread_name = "intakes";
  options.connections_per_host = std::max(options.connections_per_host, 2 * pollers);
  options.connections = std::max(options.connections, 2 * pollers);
  options.requests_under_way = std::max(options.requests_under_way, 4 * pollers);
  return options;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Incoming>> Incoming::Open(const Config& config, const Environment& environment,
                                                         const Clock& clock, MetricsRegistry& registry) {
  std::unique_ptr<Incoming> incoming(new Incoming(config, environment, clock, registry));
  if (config.intake.events.empty()) return incoming;
  TB_ASSIGN_OR_RETURN(incoming->event_rules_, intake::EventRules::Make(config.intake.events, registry));
  return incoming;
}

std::vector<ConfigFault> Incoming::Check(const IntakeConfig& config, const Environment& environment) {
  MetricsRegistry registry;
  std::vector<ConfigFault> faults = FaultsOf(intake::EventRules::Make(config.events, registry).status());
  if (config.activities.empty() && config.queues.empty()) return faults;
  const outbound::WallClock clock;
  absl::StatusOr<std::unique_ptr<outbound::CurlClient>> http = outbound::CurlClient::Start({});
  if (!http.ok()) return faults;
  const auto aws = outbound::aws::RealSurroundings(environment, **http, clock);
  AddFaults(FaultsOf(intake::Intakes::Check(config, aws)), faults);
  return faults;
}

Incoming::~Incoming() { StopPolling(0); }

absl::Status Incoming::StartPolling(const calls::Door& door) {
  if (config_.intake.activities.empty() && config_.intake.queues.empty()) return absl::OkStatus();
  // A client of their own: questions that are held for a minute take no connection from anybody else.
  TB_ASSIGN_OR_RETURN(http_, outbound::CurlClient::Start(HttpOptions(config_)));
  const auto aws = outbound::aws::RealSurroundings(environment_, *http_, wall_clock_);
  TB_ASSIGN_OR_RETURN(intakes_,
                      intake::Intakes::Make(config_.intake, {door, *http_, clock_, aws, registry_, RandomFraction}));
  intakes_->Start();
  return absl::OkStatus();
}

void Incoming::Drain() {
  if (intakes_ != nullptr) intakes_->Drain();
}

void Incoming::StopPolling(DurationMs timeout) {
  if (intakes_ != nullptr) intakes_->Finish(timeout);
  http_.reset();
  intakes_.reset();
}

}  // namespace tokenbroker
