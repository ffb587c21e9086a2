// What is counted of each intake; docs/intakes.md lists it.
#pragma once

#include <string>

#include "server/telemetry/metrics.h"

namespace tokenbroker::intake {

struct IntakeMetrics {
  // Once for each name.
  IntakeMetrics(MetricsRegistry& registry, const std::string& intake);

  // tokenbroker_intake_received_total{intake}: messages, activity tasks or events that came, each time that they came.
  Counter& received;
  // tokenbroker_intake_tasks_total{intake,result}: what became of them: a task (registered), the task that was there
  // already (replayed), no task because something is wrong with it (bad), no task yet, so that it will come again
  // (returned).
  Counter& registered;
  Counter& replayed;
  Counter& bad;
  Counter& returned;
  // tokenbroker_intake_failed_calls_total{intake}: calls to AWS that were not answered as they should be.
  Counter& failed_calls;
  // tokenbroker_intake_holding_back{intake}: pollers that wait for the broker to take new tasks again.
  Gauge& holding_back;
};

}  // namespace tokenbroker::intake
