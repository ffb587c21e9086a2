#include "server/aws/verdicts.h"

#include "absl/strings/str_cat.h"
#include "server/aws/constraints.h"

namespace tokenbroker::aws {
namespace {

absl::string_view View(std::string_view text) { return {text.data(), text.size()}; }

// AWS makes no difference between late, twice and cancelled, and clients compare this text.
Error TimedOut() { return {&kTaskTimedOut, "Task Timed Out: 'Provided task does not exist anymore'"}; }

// A token that bears our seal was a task's; any other text was never, as far as can be known.
Error Unknown(const RefusedCall& call) {
  if (call.token == broker::TaskAddress::Kind::kToken) {
    return {&kTaskDoesNotExist, "Task Does Not Exist: 'Provided task does not exist'"};
  }
  return {&kInvalidToken, "Invalid Token: 'Invalid token'"};
}

Error InvalidOutput(const broker::Refusal& refusal) {
  return {&kInvalidOutput, absl::StrCat("Invalid Output: '", refusal.message, "'")};
}

Error Constraint(const broker::Refusal& refusal) {
  Constraints constraints;
  constraints.Broken(refusal.field, refusal.message);
  return constraints.error();
}

// Whatever can be wrong with an output but its length, which is judged before, is InvalidOutput. SendTaskFailure
// declares no such error.
Error BadField(const broker::Refusal& refusal) {
  return refusal.field.rfind("output", 0) == 0 ? InvalidOutput(refusal) : Constraint(refusal);
}

Error Denied(const broker::Refusal& refusal, const RefusedCall& call) {
  return {&kAccessDenied, absl::StrCat("User: ", View(call.principal), " is not authorized to perform: states:",
                                       View(call.operation), " because ", refusal.message)};
}

}  // namespace

Error ToError(const broker::Refusal& refusal, const RefusedCall& call) {
  switch (refusal.reason) {
    case broker::Reason::kInvalidField:
    case broker::Reason::kContractViolation:
    case broker::Reason::kRequestIdReused:
      return BadField(refusal);
    case broker::Reason::kTaskUnknown:
    case broker::Reason::kDeliveryUnknown:
      return Unknown(call);
    case broker::Reason::kTaskAlreadyResolved:
    case broker::Reason::kTaskExpired:
    case broker::Reason::kTaskCancelled:
    case broker::Reason::kTaskSuperseded:
    case broker::Reason::kCancelRequested:
    case broker::Reason::kDeliverySettled:
      return TimedOut();
    case broker::Reason::kCorrelationKeyInUse:
    case broker::Reason::kUpstreamTokenInUse:
    case broker::Reason::kCursorExpired:
      return Constraint(refusal);
    case broker::Reason::kCredentialsUnknown:
      return {&kUnrecognizedClient, "The security token included in the request is invalid."};
    case broker::Reason::kPermissionDenied:
      return Denied(refusal, call);
    case broker::Reason::kOverloaded:
    case broker::Reason::kNamespaceLimit:
    case broker::Reason::kDiskFull:
      return {&kThrottling, "Rate exceeded"};
    case broker::Reason::kDraining:
      return {&kServiceUnavailable, refusal.message};
    case broker::Reason::kInternal:
    case broker::Reason::kNone:
      break;
  }
  return {&kInternalFailure, "The request processing has failed because of an unknown error, exception or failure."};
}

}  // namespace tokenbroker::aws
