// What every call needs, through whatever door it comes. All parts outlive the doors.
#pragma once

#include <functional>
#include <string>

#include "base/clock.h"
#include "server/broker/broker.h"
#include "server/calls/authenticator.h"
#include "server/calls/backups.h"
#include "server/calls/validate.h"
#include "server/forward/forwarder.h"
#include "server/forward/subscriber_target.h"
#include "server/telemetry/broker_metrics.h"

namespace tokenbroker::calls {

struct Door {
  broker::Broker& broker;
  const Authenticator& authenticator;
  BrokerMetrics& metrics;
  // Stands in metrics and logs.
  DoorKind kind = DoorKind::kGrpc;
  InputLimits limits;
  // nullptr: none; what is owed stays so.
  const forward::Forwarder* forwarder = nullptr;
  // They outlive the doors' streams.
  forward::SubscriberTargets subscriber_targets;
  size_t max_watches = 1000;
  // Empty: no backups.
  std::string backup_root;
  // Of all doors together. Set where backup_root is.
  Backups* backups = nullptr;
  std::string version;
  TimeMs started_at = 0;
  // Wall clock minus broker time.
  std::function<DurationMs()> clock_offset;
  // Adds what measures a call's cost without a broker: a gRPC service, HTTP routes.
  bool bench_null = false;
};

}  // namespace tokenbroker::calls
