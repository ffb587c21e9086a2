#include "server/broker/refusals.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace tokenbroker::broker {
namespace {

constexpr DurationMs kRetryWhenFull = 1000;

std::string_view NameOf(Right right) {
  switch (right) {
    case kIssue:
      return "issue";
    case kResolve:
      return "resolve";
    case kRead:
      return "read";
    case kAdminister:
      return "administer";
  }
  return "";
}

}  // namespace

std::string Quoted(std::string_view text) {
  return absl::StrCat("\"", absl::string_view(text.data(), text.size()), "\"");
}

Refusal RefuseFull(Reason reason, std::string message) { return {reason, std::move(message), "", kRetryWhenFull}; }

Refusal TaskUnknown() { return {Reason::kTaskUnknown, "no such task"}; }

Refusal LacksRight(const Principal& principal, Right right, std::string_view name_space) {
  const std::string_view name = NameOf(right);
  std::string message = absl::StrCat("the caller lacks the right \"", absl::string_view(name.data(), name.size()),
                                     "\" in namespace ", Quoted(name_space));
  if (principal.unknown.empty()) return {Reason::kPermissionDenied, std::move(message)};
  return {Reason::kCredentialsUnknown, absl::StrCat(message, "; ", principal.unknown)};
}

Refusal RefuseTask(const TaskAddress& address, const Principal& principal, Right right, std::string_view name_space) {
  const bool knows_of_it = address.proven() || principal.May(kRead, name_space);
  return knows_of_it ? LacksRight(principal, right, name_space) : TaskUnknown();
}

Refusal RefuseBeyondLimits(const token::Limits& limits, token::Action action, std::string_view error, TimeMs now) {
  if (limits.none()) return {};
  std::string why = limits.Refusal(action, error, now / 1000);
  return why.empty() ? Refusal{} : Refusal{Reason::kPermissionDenied, std::move(why)};
}

Refusal DeliverySettled() { return {Reason::kDeliverySettled, "the delivery is settled"}; }

}  // namespace tokenbroker::broker
