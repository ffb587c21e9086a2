// Following the changes of a namespace, through restarts of the broker.
#pragma once

#include <functional>
#include <ostream>

#include "absl/status/status.h"
#include "cli/broker.h"
#include "cli/waiter.h"

namespace tokenbroker::cli {

struct WatchOptions {
  // Its cursor may be empty: from now on.
  v1::WatchTasksRequest request;
  // How long the broker may stay silent before its first answer; afterwards the watch is patient.
  DurationMs patience = 10'000;
};

// Hands `handle` the place where it begins, as a KIND_CURSOR, then each change, KIND_CURSOR included, and resumes after
// the last one handled when the stream breaks: no change is missed, and none is handed over twice. Ends only with an
// error: one that no retry can mend, or one of `handle`.
absl::Status FollowChanges(Broker& broker, WatchOptions options, Waiter& waiter, Random random, std::ostream& remarks,
                           const std::function<absl::Status(const v1::WatchTasksResponse&)>& handle);

}  // namespace tokenbroker::cli
