#include "server/intake/metrics.h"

namespace tokenbroker::intake {
namespace {

Counter& TasksCounter(MetricsRegistry& registry, const std::string& intake, const char* result) {
  return registry.AddCounter("tokenbroker_intake_tasks_total", "What became of what came in.",
                             {{"intake", intake}, {"result", result}});
}

}  // namespace

IntakeMetrics::IntakeMetrics(MetricsRegistry& registry, const std::string& intake)
    : received(registry.AddCounter("tokenbroker_intake_received_total",
                                   "Messages, activity tasks and events that came.", {{"intake", intake}})),
      registered(TasksCounter(registry, intake, "registered")),
      replayed(TasksCounter(registry, intake, "replayed")),
      bad(TasksCounter(registry, intake, "bad")),
      returned(TasksCounter(registry, intake, "returned")),
      failed_calls(registry.AddCounter("tokenbroker_intake_failed_calls_total",
                                       "Calls to AWS that were not answered as they should be.", {{"intake", intake}})),
      holding_back(registry.AddGauge("tokenbroker_intake_holding_back",
                                     "Pollers that wait for the broker to take new tasks again.",
                                     {{"intake", intake}})) {}

}  // namespace tokenbroker::intake
