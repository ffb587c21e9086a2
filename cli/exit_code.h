// What the process says to the shell. These numbers are part of the CLI's contract; docs/cli.md lists them.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "tokenbroker/v1/task.pb.h"

namespace tokenbroker::cli {

enum ExitCode : int {
  kOk = 0,
  kInternal = 1,
  kUsage = 2,
  kUnknownTask = 3,
  kConflict = 4,
  kExpired = 5,
  kDenied = 6,
  kUnavailable = 7,
  kPayloadRefused = 8,
  kCancelled = 9,
  kTaskFailed = 10,
  kLimitReached = 11,
  kNotTaken = 12,
};

int ExitCodeFor(const absl::Status& status);

// For `await` and `get -o output`, and for `run` when the task had ended before it began.
int ExitCodeFor(v1::TaskState state);

// For a settling call that was to wait for its delivery.
int ExitCodeFor(v1::DeliveryState state);

// The table that `tokenctl help exit-codes` prints.
std::string ExitCodeTable();

}  // namespace tokenbroker::cli
