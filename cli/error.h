// What the broker said about a refused call, carried inside an absl::Status as payloads: errors of the broker and
// errors of our own then travel by the same means, and the text for people is made in one place (advice.h).
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "base/clock.h"
#include "google/rpc/status.pb.h"
#include "tokenbroker/v1/errors.pb.h"
#include "tokenbroker/v1/resolver_service.pb.h"

namespace tokenbroker::cli {

struct ErrorDetails {
  // UNSPECIFIED for errors that did not come from a broker, or from a newer one.
  v1::ErrorReason reason = v1::ERROR_REASON_UNSPECIFIED;
  // As sent, so that a reason that this build does not know is still shown.
  std::string reason_name;
  struct Violation {
    std::string field;
    std::string description;
  };
  std::vector<Violation> violations;
  std::optional<DurationMs> retry_after;
  std::optional<v1::ResolvedDetail> resolved;
  std::string request_id;
};

// A status of the broker, with its details and the id of the request, either of which may be empty.
absl::Status MakeError(const google::rpc::Status& status, const std::string& request_id = "");

// The same for one refused item of a batch.
absl::Status MakeError(const v1::ItemError& error);

// OK for ACCEPTED, REPLAYED and PARKED.
absl::Status StatusOf(const v1::SettlementResult& result);

ErrorDetails DetailsOf(const absl::Status& status);

// The error of a call with a request of so many bytes. gRPC words it when they are more than the broker reads, with the
// code of a queue that is full; it becomes OUT_OF_RANGE, for no later try fares better.
absl::Status ExplainTooLarge(const absl::Status& status, size_t request_bytes);

// Whether the broker itself has answered so, and not something on the way to it.
bool IsOfBroker(const absl::Status& status);

// Whether the same call may be sent again: the broker is away, or asked for patience.
bool IsRetryable(const absl::Status& status);

// Whether the task named by the call has ended, or never was: work on it is pointless.
bool IsEnd(v1::ErrorReason reason);

}  // namespace tokenbroker::cli
