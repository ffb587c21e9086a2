// Why a call is refused: one table, from which every door takes its codes.
#pragma once

#include <string>
#include <string_view>

#include "absl/types/span.h"
#include "base/clock.h"

namespace tokenbroker::broker {

// The numbers are those of tokenbroker.v1.ErrorReason.
enum class Reason {
  kNone = 0,
  kInvalidField = 1,
  kContractViolation = 2,
  kRequestIdReused = 3,
  kTaskUnknown = 10,
  kTaskAlreadyResolved = 11,
  kTaskExpired = 12,
  kTaskCancelled = 13,
  kTaskSuperseded = 14,
  kDeliverySettled = 15,
  kDeliveryUnknown = 16,
  kCancelRequested = 17,
  kCorrelationKeyInUse = 20,
  kUpstreamTokenInUse = 21,
  kCredentialsUnknown = 30,
  kPermissionDenied = 31,
  kOverloaded = 40,
  kNamespaceLimit = 41,
  kDiskFull = 42,
  kDraining = 50,
  kCursorExpired = 51,
  kInternal = 52,
};

// The numbers are those of google.rpc.Code and grpc::StatusCode.
enum class Code {
  kInvalidArgument = 3,
  kNotFound = 5,
  kAlreadyExists = 6,
  kPermissionDenied = 7,
  kResourceExhausted = 8,
  kFailedPrecondition = 9,
  kOutOfRange = 11,
  kInternal = 13,
  kUnavailable = 14,
  kUnauthenticated = 16,
};

struct ReasonInfo {
  Reason reason;
  // As in ErrorInfo.reason.
  const char* name;
  Code code;
};

// Every reason but kNone.
absl::Span<const ReasonInfo> AllReasons();
const ReasonInfo& InfoOf(Reason reason);

// A refused operation. `reason` kNone means that it is not refused.
struct Refusal {
  Reason reason = Reason::kNone;
  // For people. Never holds a token or a payload.
  std::string message;
  // The offending field, for kInvalidField, kRequestIdReused and kContractViolation.
  std::string field;
  // When to try again; 0: no use.
  DurationMs retry_after = 0;

  explicit operator bool() const { return reason != Reason::kNone; }
};

Refusal InvalidField(std::string_view field, std::string_view rule);
// Of a broker that stops: somebody else may serve already.
Refusal Draining();

}  // namespace tokenbroker::broker
