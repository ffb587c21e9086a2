#include "server/broker/reason.h"

#include <cstdlib>

namespace tokenbroker::broker {
namespace {

constexpr ReasonInfo kReasons[] = {
    {Reason::kInvalidField, "INVALID_FIELD", Code::kInvalidArgument},
    {Reason::kContractViolation, "CONTRACT_VIOLATION", Code::kInvalidArgument},
    {Reason::kRequestIdReused, "REQUEST_ID_REUSED", Code::kInvalidArgument},
    {Reason::kTaskUnknown, "TASK_UNKNOWN", Code::kNotFound},
    {Reason::kTaskAlreadyResolved, "TASK_ALREADY_RESOLVED", Code::kFailedPrecondition},
    {Reason::kTaskExpired, "TASK_EXPIRED", Code::kFailedPrecondition},
    {Reason::kTaskCancelled, "TASK_CANCELLED", Code::kFailedPrecondition},
    {Reason::kTaskSuperseded, "TASK_SUPERSEDED", Code::kFailedPrecondition},
    {Reason::kDeliverySettled, "DELIVERY_SETTLED", Code::kFailedPrecondition},
    {Reason::kDeliveryUnknown, "DELIVERY_UNKNOWN", Code::kNotFound},
    {Reason::kCancelRequested, "CANCEL_REQUESTED", Code::kFailedPrecondition},
    {Reason::kCorrelationKeyInUse, "CORRELATION_KEY_IN_USE", Code::kAlreadyExists},
    {Reason::kUpstreamTokenInUse, "UPSTREAM_TOKEN_IN_USE", Code::kAlreadyExists},
    {Reason::kCredentialsUnknown, "CREDENTIALS_UNKNOWN", Code::kUnauthenticated},
    {Reason::kPermissionDenied, "PERMISSION_DENIED", Code::kPermissionDenied},
    {Reason::kOverloaded, "OVERLOADED", Code::kResourceExhausted},
    {Reason::kNamespaceLimit, "NAMESPACE_LIMIT", Code::kResourceExhausted},
    {Reason::kDiskFull, "DISK_FULL", Code::kResourceExhausted},
    {Reason::kDraining, "DRAINING", Code::kUnavailable},
    {Reason::kCursorExpired, "CURSOR_EXPIRED", Code::kOutOfRange},
    {Reason::kInternal, "INTERNAL", Code::kInternal},
};

constexpr DurationMs kRetryWhenDraining = 1000;

}  // namespace

absl::Span<const ReasonInfo> AllReasons() { return kReasons; }

const ReasonInfo& InfoOf(Reason reason) {
  for (const ReasonInfo& info : kReasons) {
    if (info.reason == reason) return info;
  }
  std::abort();
}

Refusal InvalidField(std::string_view field, std::string_view rule) {
  Refusal refusal{Reason::kInvalidField};
  refusal.field = field;
  refusal.message.append(field).append(" ").append(rule);
  return refusal;
}

Refusal Draining() { return {Reason::kDraining, "the broker is shutting down", "", kRetryWhenDraining}; }

}  // namespace tokenbroker::broker
