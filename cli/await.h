// Waiting for a task to end, through restarts of the broker.
#pragma once

#include <optional>
#include <ostream>

#include "absl/status/statusor.h"
#include "cli/broker.h"
#include "cli/waiter.h"

namespace tokenbroker::cli {

struct AwaitOptions {
  v1::TaskRef task;
  // For how long in all; unset means until the task ends.
  std::optional<DurationMs> limit;
  // How long the broker may stay silent before its first answer, be it that it is shutting down; afterwards the wait is
  // patient.
  DurationMs patience = 10'000;
};

// The task, ended or (when the limit passed) WAITING. When the broker was away at the limit, the error of the last
// call.
absl::StatusOr<v1::Task> AwaitEnd(Broker& broker, const AwaitOptions& options, Waiter& waiter, Random random,
                                  std::ostream& remarks);

}  // namespace tokenbroker::cli
