// Which events make tasks, and how. An event is what EventBridge sends to an API destination:
//
//   {"version":"0", "id":"...", "detail-type":"OrderProcessor.WorkflowStarted",
//    "source":"awsserverlessda.serverlesspresso", "account":"...", "time":"...", "region":"...", "resources":[],
//    "detail":{"TaskToken":"...", "orderId":"..."}}
//
// of which only source, detail-type and what the rules' paths lead to are read.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "server/broker/reason.h"
#include "server/config/intake.h"
#include "server/intake/metrics.h"
#include "server/intake/task_mapping.h"

namespace tokenbroker::intake {

// Thread-safe.
class EventRules {
 public:
  struct Rule {
    EventIntake config;
    TaskMapping mapping;
    std::unique_ptr<IntakeMetrics> metrics;
  };
  struct Match {
    // nullptr: no rule takes the event.
    const Rule* rule = nullptr;
    broker::Refusal refusal;
    pb::IssueTaskRequest request;
  };

  // INVALID_ARGUMENT lists what is wrong, in lines "intake.events: ..." with the rule and its setting.
  static absl::StatusOr<std::unique_ptr<EventRules>> Make(const std::vector<EventIntake>& config,
                                                          MetricsRegistry& registry);

  // What the event's task is asked for with, or why there can be none. Counts what came, and what is bad.
  Match Read(std::string_view name_space, std::string_view event) const;

 private:
  std::vector<Rule> rules_;
};

}  // namespace tokenbroker::intake
