#include "cli/exit_code.h"

#include "cli/error.h"

namespace tokenbroker::cli {
namespace {

int ForCode(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kOk:
      return kOk;
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kOutOfRange:
      return kUsage;
    case absl::StatusCode::kNotFound:
      return kUnknownTask;
    case absl::StatusCode::kAlreadyExists:
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kAborted:
      return kConflict;
    case absl::StatusCode::kUnauthenticated:
    case absl::StatusCode::kPermissionDenied:
      return kDenied;
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded:
    case absl::StatusCode::kResourceExhausted:
      return kUnavailable;
    default:
      return kInternal;
  }
}

}  // namespace

int ExitCodeFor(const absl::Status& status) {
  if (status.ok()) return kOk;
  switch (DetailsOf(status).reason) {
    case v1::ERROR_REASON_CONTRACT_VIOLATION:
      return kPayloadRefused;
    case v1::ERROR_REASON_TASK_EXPIRED:
      return kExpired;
    case v1::ERROR_REASON_TASK_CANCELLED:
    case v1::ERROR_REASON_TASK_SUPERSEDED:
      return kCancelled;
    default:
      return ForCode(status.code());
  }
}

int ExitCodeFor(v1::TaskState state) {
  switch (state) {
    case v1::TASK_STATE_SUCCEEDED:
      return kOk;
    case v1::TASK_STATE_FAILED:
      return kTaskFailed;
    case v1::TASK_STATE_EXPIRED:
      return kExpired;
    case v1::TASK_STATE_CANCELLED:
    case v1::TASK_STATE_SUPERSEDED:
      return kCancelled;
    case v1::TASK_STATE_WAITING:
      return kLimitReached;
    default:
      return kInternal;
  }
}

int ExitCodeFor(v1::DeliveryState state) {
  switch (state) {
    case v1::DELIVERY_STATE_DELIVERED:
    case v1::DELIVERY_STATE_PROBABLY_DELIVERED:
      return kOk;
    case v1::DELIVERY_STATE_PENDING:
      return kLimitReached;
    case v1::DELIVERY_STATE_DEAD_LETTERED:
    case v1::DELIVERY_STATE_DROPPED:
      return kNotTaken;
    default:
      return kInternal;
  }
}

std::string ExitCodeTable() {
  return R"(Exit codes of tokenctl

   0  done: accepted, replayed or parked; await: the task succeeded
   1  a fault of tokenctl or of the broker, or standard output could not be written: the result is lost, what the
      command did is not
   2  the command line, a file or a field is wrong, or all of it is more than the broker reads, or a cursor is too old;
      nothing was changed
   3  no such task, or it has no delivery
   4  conflict: another outcome is recorded, the correlation key is in use, the delivery is settled, the cancellation
      was requested, or another bulk works on the file
   5  a deadline passed first
   6  credentials unknown, or a right is missing
   7  the broker is away, overloaded, full or too slow: the same command may be sent again
   8  the outcome breaks the task's contract; the task stays open
   9  the task was cancelled, or a newer attempt took its place
  10  await: the task failed
  11  await: the limit was reached while the task still waited;
      --wait-for-delivery: while the outcome, which is recorded, was still on its way
  12  --wait-for-delivery: the outcome is recorded, but its target does not take it

run exits with the command's own code once the outcome is settled (128 + n for signal n), otherwise with one of these;
with 9 when it stopped the command because cancellation was requested, whatever the command's code.
bulk exits with the code of the first line that was refused; get -o output as await does.
)";
}

}  // namespace tokenbroker::cli
