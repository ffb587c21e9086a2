// What every call of the gRPC door needs. All parts outlive the server.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/clock.h"
#include "server/broker/broker.h"
#include "server/rpc/authenticator.h"
#include "server/rpc/under_way.h"
#include "server/rpc/validate.h"
#include "server/telemetry/broker_metrics.h"

namespace tokenbroker::rpc {

struct Door {
  broker::Broker& broker;
  const Authenticator& authenticator;
  BrokerMetrics& metrics;
  InputLimits limits;
  size_t max_watches = 1000;
  // Empty: no backups.
  std::string backup_root;
  std::string version;
  TimeMs started_at = 0;
  // Wall clock minus broker time.
  std::function<DurationMs()> clock_offset;
  // Shared with the calls, because a Door is copied on its way to the server.
  std::shared_ptr<CallsUnderWay> under_way = std::make_shared<CallsUnderWay>();
  // Adds the service that measures what a call costs without a broker.
  bool bench_null = false;
};

}  // namespace tokenbroker::rpc
