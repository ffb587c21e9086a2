// What becomes of an outcome, whether its task waits, has ended, or is yet to come.
#include <memory>

#include "absl/strings/str_cat.h"
#include "server/broker/refusals.h"
#include "server/broker/rules.h"

namespace tokenbroker::broker {
namespace {

bool SameOutcome(const ResolveOperation& operation, const ParkedOutcome& parked) {
  return operation.state == parked.state && operation.output == parked.output && operation.error == parked.error &&
         operation.cause == parked.cause;
}

token::Action ActionOf(const ResolveOperation& operation) {
  return operation.state == TaskState::kSucceeded ? token::kSucceed : token::kFail;
}

}  // namespace

void Rules::Decide(ResolveOperation& operation, TimeMs now) {
  const TaskAddress& address = operation.address;
  operation.refusal = RefuseBeyondLimits(address.limits, ActionOf(operation), operation.error, now);
  if (operation.refusal) {
    operation.verdict = Verdict::kRefused;
    return;
  }
  operation.verdict = Verdict::kUnknown;
  OpenTask* open = WaitingTask(operation, kResolve, now);
  if (open != nullptr) return DecideOpen(operation, operation.task, *open, now);
  if (operation.refusal.reason == Reason::kTaskUnknown && address.kind == TaskAddress::Kind::kKey) {
    operation.refusal = {};
    return DecideWithoutTask(operation, now);
  }
  if (operation.refusal && operation.refusal.reason != Reason::kTaskUnknown) operation.verdict = Verdict::kRefused;
}

void Rules::DecideOpen(ResolveOperation& operation, Sequence task, OpenTask& open, TimeMs now) {
  if (open.has_contract && operation.contract_checked != task) {
    operation.next = Operation::Next::kCheckContract;
    operation.check_for = state_.NameSpaceOf(open);
    return;
  }
  operation.verdict = Verdict::kAccepted;
  if (operation.dry_run) return;
  operation.outcome_at = state_.Resolve(task,
                                        {operation.state, operation.output, operation.error, operation.cause,
                                         operation.principal->id, operation.request_id},
                                        now);
  tally_.Resolved(operation.state);
}

void Rules::CompareWithParked(ResolveOperation& operation, const ParkedOutcome& parked) {
  if (SameOutcome(operation, parked)) {
    operation.verdict = Verdict::kParked;
    return;
  }
  operation.verdict = Verdict::kConflict;
  operation.refusal = {Reason::kTaskAlreadyResolved, "another outcome is parked under this correlation key"};
  operation.recorded = std::make_unique<RecordedOutcome>(
      RecordedOutcome{parked.state, parked.time, parked.error, parked.cause, parked.resolved_by});
}

Refusal Rules::RefuseParking(const ResolveOperation& operation) const {
  const std::string_view name = operation.address.name_space;
  const uint32_t name_space = state_.namespaces.Find(name);
  if (name_space == NamespaceTable::kNone && state_.namespaces.size() >= limits_.namespaces) return RefuseNamespace();
  const uint64_t parked = name_space == NamespaceTable::kNone ? 0 : state_.namespaces[name_space].parked;
  const size_t bytes = ParkedOutcome::Bytes(operation.output.size() + operation.error.size() + operation.cause.size());
  const bool many = parked >= limits_.parked_per_namespace;
  if (!many && state_.parked.bytes() + bytes <= limits_.parked_bytes) return {};
  observer_.Overloaded(Queue::kParked);
  return RefuseFull(Reason::kNamespaceLimit,
                    many ? absl::StrCat("namespace ", Quoted(name), " has ", limits_.parked_per_namespace,
                                        " parked callbacks, its limit")
                         : absl::StrCat("parked callbacks of all namespaces hold ", limits_.parked_bytes,
                                        " bytes at most, and this one does not fit any more"));
}

void Rules::DecideWithoutTask(ResolveOperation& operation, TimeMs now) {
  const TaskAddress& address = operation.address;
  const Sequence known = TaskOf(address, operation);
  if (const ParkedOutcome* parked = ParkedAt(known, now)) return CompareWithParked(operation, *parked);
  if (operation.park_for < 0) {
    operation.refusal = TaskUnknown();
    return;
  }
  if (operation.refusal = RefuseParking(operation); operation.refusal) {
    operation.verdict = Verdict::kRefused;
    return;
  }
  operation.verdict = Verdict::kParked;
  if (operation.dry_run) return;
  const uint32_t name_space = state_.namespaces.Intern(address.name_space);
  const DurationMs park_for = operation.park_for == 0 ? kDefaultParkTime : operation.park_for;
  state_.Park(operation, name_space, now + park_for, now);
}

}  // namespace tokenbroker::broker
