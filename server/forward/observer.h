// What happens to deliveries and heartbeats, for metrics and logs.
#pragma once

#include <string_view>

#include "absl/status/status.h"
#include "server/forward/beat_planner.h"
#include "server/forward/breaker.h"
#include "server/forward/outcome_target.h"

namespace tokenbroker::forward {

// Called from the forwarder's thread and the beater's: implementations must be quick and must not call back.
class Observer {
 public:
  virtual ~Observer() = default;
  // A try ended.
  virtual void Tried(std::string_view target, const Answer& answer) {}
  // An outcome is given up.
  virtual void GivenUp(std::string_view target, std::string_view code, std::string_view message) {}
  virtual void BreakerMoved(std::string_view target, Breaker::State state) {}
  // An engine answered a heartbeat.
  virtual void BeatAnswered(std::string_view target, const Answer& answer) {}
  // A worker's heartbeats and its engine's deadline do not fit together.
  virtual void BeatsMisplaced(std::string_view target, std::string_view task_id, BeatPlanner::Warning warning) {}
  virtual void Trouble(std::string_view event, const absl::Status& status) {}
};

}  // namespace tokenbroker::forward
