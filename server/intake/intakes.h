// All that is polled: activities and queues. (Events are POSTed: event_rules.h.)
//
//   TB_ASSIGN_OR_RETURN(intakes, Intakes::Make(config.intake, parts));
//   intakes->Start();
//   ...
//   intakes->Drain();            // asks for nothing more
//   intakes->Finish(timeout);    // what is in hand is finished; the broker must still take tasks
//   http.reset();                // questions under way are hung up on
//   intakes.reset();
#pragma once

#include <functional>
#include <memory>

#include "absl/status/statusor.h"
#include "server/calls/door.h"
#include "server/config/intake.h"
#include "server/outbound/aws/surroundings.h"
#include "server/outbound/timers.h"
#include "server/telemetry/metrics.h"

namespace tokenbroker::intake {

class Intakes {
 public:
  // `timers` and the HTTP client in `aws` run jobs and answers on one thread, one at a time, and end before the intakes
  // do. The rest of it outlives them.
  struct Parts {
    calls::Door door;
    outbound::Timers& timers;
    const Clock& clock;
    outbound::aws::SurroundingsPtr aws;
    MetricsRegistry& registry;
    // In [0, 1); asked on that thread alone.
    std::function<double()> random;
  };

  // What Make would refuse, in lines "intake.queues: ..." with the intake and the setting; OK if nothing.
  static absl::Status Check(const IntakeConfig& config, const outbound::aws::SurroundingsPtr& aws);
  // INVALID_ARGUMENT names the intake and the setting.
  static absl::StatusOr<std::unique_ptr<Intakes>> Make(const IntakeConfig& config, Parts parts);
  ~Intakes();

  void Start();

  // --- From any other thread ---

  void Drain();
  // Waits so long for what is in hand, then takes no more of it, and waits for calls that the broker has. Drain first.
  void Finish(DurationMs timeout);
  // Messages and tasks that were taken and not finished: batches.
  int in_hand() const;

 private:
  struct Impl;
  explicit Intakes(std::unique_ptr<Impl> impl);
  const std::unique_ptr<Impl> impl_;
};

}  // namespace tokenbroker::intake
