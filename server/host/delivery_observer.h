// Counts what happens to deliveries and heartbeats, and logs what should be looked at. No token and no payload stands
// in a line.
#pragma once

#include "server/broker/broker.h"
#include "server/forward/beater.h"
#include "server/forward/forwarder.h"
#include "server/forward/observer.h"
#include "server/forward/subscriber_target.h"
#include "server/telemetry/delivery_metrics.h"
#include "server/telemetry/log.h"

namespace tokenbroker {

// Called from the forwarder's thread and the beater's.
class DeliveryObserver : public forward::Observer {
 public:
  DeliveryObserver(DeliveryMetrics& metrics, const Clock& clock) : metrics_(metrics), clock_(clock) {}

  void Tried(std::string_view target, const forward::Answer& answer) override;
  void GivenUp(std::string_view target, std::string_view code, std::string_view message) override;
  void BreakerMoved(std::string_view target, forward::Breaker::State state) override;
  void BeatAnswered(std::string_view target, const forward::Answer& answer) override;
  void BeatsMisplaced(std::string_view target, std::string_view task_id,
                      forward::BeatPlanner::Warning warning) override;
  void Trouble(std::string_view event, const absl::Status& status) override;

 private:
  static constexpr DurationMs kLogInterval = 10'000;

  DeliveryMetrics& metrics_;
  const Clock& clock_;
  LimitedLog given_up_{kLogInterval};
  LimitedLog needs_operator_{kLogInterval};
  LimitedLog beats_refused_{kLogInterval};
  LimitedLog misplaced_{kLogInterval};
  LimitedLog trouble_{kLogInterval};
};

// Bring the gauges up to date.
void ShowDeliveries(const broker::Broker& broker, const forward::Forwarder& forwarder, DeliveryMetrics& metrics);
void ShowBeats(const forward::Beater& beater, DeliveryMetrics& metrics);
void ShowSubscribers(const forward::SubscriberTargets& targets, DeliveryMetrics& metrics);

}  // namespace tokenbroker
