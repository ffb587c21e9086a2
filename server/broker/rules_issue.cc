// What becomes of a task that is to be issued.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "server/broker/refusals.h"
#include "server/broker/rules.h"

namespace tokenbroker::broker {
namespace {

// Of the callback that was parked under the key of the request.
bool BreaksContract(const IssueOperation& operation) {
  return operation.request.has_contract() && operation.parked_breach;
}

}  // namespace

// Namespaces stay for good: to try again later is of no use.
Refusal Rules::RefuseNamespace() const {
  return {Reason::kNamespaceLimit,
          absl::StrCat("the broker has ", limits_.namespaces, " namespaces, the limit that limits.namespaces sets")};
}

Refusal Rules::RefuseIssue(const IssueRequest& request, uint32_t name_space) const {
  if (disk_full_) return RefuseFull(Reason::kDiskFull, "the disk is nearly full: no new tasks until there is room");
  if (name_space == NamespaceTable::kNone && state_.namespaces.size() >= limits_.namespaces) return RefuseNamespace();
  if (state_.lanes.full() && state_.lanes.Find(name_space, request.target) == LaneTable::kNone) {
    return {Reason::kNamespaceLimit,
            absl::StrCat("the broker has ", LaneTable::kMax, " pairs of namespace and target, its limit")};
  }
  return {};
}

Refusal Rules::RefuseOneMoreTask(const IssueRequest& request, uint32_t name_space) const {
  const uint64_t open = name_space == NamespaceTable::kNone ? 0 : state_.namespaces[name_space].open;
  if (open < limits_.open_tasks_per_namespace) return {};
  return RefuseFull(Reason::kNamespaceLimit, absl::StrCat("namespace ", Quoted(request.name_space), " has ",
                                                          limits_.open_tasks_per_namespace, " open tasks, its limit"));
}

Sequence Rules::Superseded(IssueOperation& operation, Sequence holder) const {
  const OpenTask* open = holder == 0 ? nullptr : state_.open.Find(holder);
  if (open == nullptr) return 0;
  const uint16_t attempt = operation.request.attempt;
  if (attempt > open->attempt) return holder;
  if (attempt != 0 && attempt < open->attempt) {
    operation.refusal = {Reason::kTaskSuperseded,
                         absl::StrCat("attempt ", attempt, " is older than the open attempt ", open->attempt)};
  } else {
    operation.refusal = {Reason::kCorrelationKeyInUse,
                         absl::StrCat("a task with this correlation key is open, at attempt ", open->attempt)};
  }
  return 0;
}

bool Rules::IsRepeated(IssueOperation& operation, TimeMs now) {
  if (operation.request.request_id.empty()) return false;
  const Sequence known = state_.Find(operation.request_key, operation.stored_request);
  if (known == 0 || known == operation.gone) return false;
  OpenTask* open = state_.open.Find(known);
  operation.task = known;
  operation.deadline = open == nullptr ? 0 : static_cast<TimeMs>(open->deadline);
  operation.ended = open == nullptr || ExpireIfDue(known, *open, now);
  operation.outcome_at = state_.index.Find(storage::OutcomeIndexKey(known));
  operation.next = Operation::Next::kCompareIssue;
  return true;
}

Sequence Rules::HolderOfKey(const IssueOperation& operation, TimeMs now) {
  if (operation.request.correlation_key.empty()) return 0;
  const Sequence holder = state_.Find(operation.correlation_index_key, operation.stored_task);
  if (OpenTask* open = holder == 0 ? nullptr : state_.open.Find(holder)) ExpireIfDue(holder, *open, now);
  return holder;
}

Refusal Rules::RefuseUpstreamInUse(const IssueOperation& operation, Sequence superseded, TimeMs now) {
  if (operation.request.upstream_token.empty()) return {};
  const Sequence other = state_.Find(operation.upstream_key, operation.stored_upstream);
  OpenTask* open = other == 0 || other == superseded ? nullptr : state_.open.Find(other);
  if (open == nullptr || ExpireIfDue(other, *open, now)) return {};
  return {Reason::kUpstreamTokenInUse, "an open task was issued for this upstream token"};
}

void Rules::Decide(IssueOperation& operation, TimeMs now) {
  if (IsRepeated(operation, now)) return;
  const IssueRequest& request = operation.request;
  const uint32_t name_space = state_.namespaces.Find(request.name_space);
  if (operation.refusal = RefuseIssue(request, name_space); operation.refusal) return;
  const Sequence holder = HolderOfKey(operation, now);
  const bool parked = ParkedAt(holder, now) != nullptr;
  if (parked && request.has_contract() && operation.parked_at != holder) {
    operation.parked_at = holder;
    operation.next = Operation::Next::kCheckParked;
    operation.check_for = name_space;
    return;
  }
  const Sequence superseded = Superseded(operation, holder);
  if (operation.refusal) return;
  const bool ends_at_once = parked && !BreaksContract(operation);
  if (superseded == 0 && !ends_at_once) operation.refusal = RefuseOneMoreTask(request, name_space);
  if (!operation.refusal) operation.refusal = RefuseUpstreamInUse(operation, superseded, now);
  if (operation.refusal) return;
  Accept(operation, name_space, superseded, now);
  if (parked) ApplyParked(operation, holder, now);
}

void Rules::Accept(IssueOperation& operation, uint32_t name_space, Sequence superseded, TimeMs now) {
  const IssueRequest& request = operation.request;
  const uint16_t attempt = std::max<uint16_t>(request.attempt, 1);
  if (superseded != 0) {
    state_.Resolve(superseded,
                   {TaskState::kSuperseded, "", "Superseded", absl::StrCat("by attempt ", attempt), "broker", ""}, now);
    tally_.Resolved(TaskState::kSuperseded);
  }
  if (name_space == NamespaceTable::kNone) name_space = state_.namespaces.Intern(request.name_space);
  const uint32_t lane = state_.lanes.Intern(name_space, request.target);
  operation.task = state_.Issue(operation, lane, attempt, superseded, now);
  operation.deadline = now + request.timeout;
  operation.superseded = superseded;
  tally_.Issued();
}

// The outcome was there before the task. One that breaks the task's contract is dropped; its sender was told PARKED, so
// this is counted and logged.
void Rules::ApplyParked(IssueOperation& operation, Sequence parked_at, TimeMs now) {
  const ParkedOutcome& parked = *state_.parked.Find(parked_at);
  if (BreaksContract(operation)) {
    observer_.ParkedOutcomeRefused(operation.request.name_space);
    state_.Unpark(parked_at, 0, now);
    return;
  }
  operation.state = parked.state;
  state_.Resolve(operation.task,
                 {parked.state, parked.output, parked.error, parked.cause, parked.resolved_by, parked.request_id}, now);
  tally_.Resolved(parked.state);
  state_.Unpark(parked_at, operation.task, now);
}

}  // namespace tokenbroker::broker
