// What happens to deliveries, for metrics and logs.
#pragma once

#include <string_view>

#include "absl/status/status.h"
#include "server/forward/breaker.h"
#include "server/forward/outcome_target.h"

namespace tokenbroker::forward {

// Called from the forwarder's thread: implementations must be quick and must not call back.
class Observer {
 public:
  virtual ~Observer() = default;
  // A try ended.
  virtual void Tried(std::string_view target, const Answer& answer) {}
  // An outcome is given up.
  virtual void GivenUp(std::string_view target, std::string_view code, std::string_view message) {}
  virtual void BreakerMoved(std::string_view target, Breaker::State state) {}
  virtual void Trouble(std::string_view event, const absl::Status& status) {}
};

}  // namespace tokenbroker::forward
