#include "server/broker/judge.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "server/broker/refusals.h"
#include "server/contract/contract.h"
#include "storage/log_entry.h"

namespace tokenbroker::broker {
namespace {

Refusal StoreTrouble(const absl::Status& status) {
  return {Reason::kInternal, absl::StrCat("reading the store: ", status.message())};
}

// Only what is kept no longer is unknown: of what is damaged, or cannot be read just now, nothing definite may be said.
Refusal WhyUnread(const absl::Status& status) {
  return absl::IsNotFound(status) ? TaskUnknown() : StoreTrouble(status);
}

RecordedOutcome Recorded(const storage::ResolvedEntry& entry) {
  return {entry.state, entry.time, std::string(entry.error), std::string(entry.cause), std::string(entry.resolved_by)};
}

Refusal RefuseEnded(TaskState state) {
  switch (state) {
    case TaskState::kExpired:
      return {Reason::kTaskExpired, "the task expired"};
    case TaskState::kCancelled:
      return {Reason::kTaskCancelled, "the task was cancelled"};
    case TaskState::kSuperseded:
      return {Reason::kTaskSuperseded, "a newer attempt took the task's place"};
    default:
      return {Reason::kTaskAlreadyResolved, "another outcome is recorded"};
  }
}

Verdict VerdictOf(TaskState state) {
  switch (state) {
    case TaskState::kExpired:
      return Verdict::kExpired;
    case TaskState::kCancelled:
      return Verdict::kCancelled;
    case TaskState::kSuperseded:
      return Verdict::kSuperseded;
    default:
      return Verdict::kConflict;
  }
}

// Nothing if the caller may know how the task ended.
Refusal RefuseToShow(const storage::TokenStore& store, storage::ShardId shard, const TaskAddress& address,
                     const Principal& principal, Right right, Sequence task) {
  if (address.Proves(right) || address.kind == TaskAddress::Kind::kKey)
    return {};  // the key's namespace was checked before
  if (principal.everywhere & right) return {};
  absl::StatusOr<std::string> bytes = store.Read(shard, task);
  absl::StatusOr<storage::IssuedEntry> issued = bytes.ok() ? storage::DecodeIssued(*bytes) : bytes.status();
  if (!issued.ok()) return WhyUnread(issued.status());
  if (principal.May(right, issued->name_space)) return {};
  return RefuseTask(address, principal, right, issued->name_space);
}

void RefuseWithRecord(TaskOperation& operation, const storage::ResolvedEntry& entry) {
  operation.refusal = RefuseEnded(entry.state);
  operation.recorded = std::make_unique<RecordedOutcome>(Recorded(entry));
}

using Labels = std::vector<std::pair<std::string_view, std::string_view>>;

bool SameLabels(Labels a, Labels b) {
  std::sort(a.begin(), a.end());
  std::sort(b.begin(), b.end());
  return a == b;
}

// Whether the recorded task came from a request like this one. A timeout that was left to the broker matches any.
bool SameRequest(const IssueOperation& operation, const storage::IssuedEntry& entry) {
  const IssueRequest& request = operation.request;
  const bool timeout = request.timeout_defaulted || entry.deadline - entry.time == request.timeout;
  return timeout && entry.name_space == request.name_space && entry.request_id == request.request_id &&
         entry.correlation_key == request.correlation_key && entry.attempt == std::max<uint16_t>(request.attempt, 1) &&
         entry.target == request.target && entry.heartbeat_timeout == request.heartbeat_timeout &&
         entry.summary == request.summary && entry.input == request.input &&
         entry.output_schema == request.output_schema && entry.allowed_errors == request.allowed_errors &&
         entry.upstream_hash_hi == operation.upstream_key.hi && entry.upstream_hash_lo == operation.upstream_key.lo &&
         SameLabels(entry.labels, request.labels);
}

}  // namespace

bool Judge::Compare(Operation& operation) const {
  switch (operation.kind) {
    case Operation::Kind::kResolve:
      return Compare(static_cast<ResolveOperation&>(operation));
    case Operation::Kind::kHeartbeat:
      TellOfEnd(static_cast<HeartbeatOperation&>(operation), kResolve);
      return true;
    case Operation::Kind::kExtend:
      TellOfEnd(static_cast<ExtendOperation&>(operation), kIssue);
      return true;
    case Operation::Kind::kCancel:
      TellOfEnd(static_cast<CancelOperation&>(operation), kIssue, TaskState::kCancelled);
      return true;
    default:
      return true;
  }
}

void Judge::TellOfEnd(TaskOperation& operation, Right right, std::optional<TaskState> intended) const {
  std::string bytes;
  const absl::StatusOr<storage::ResolvedEntry> entry = ReadOutcome(operation.task, operation.outcome_at, bytes);
  if (!entry.ok()) {
    operation.refusal = WhyUnread(entry.status());
    return;
  }
  operation.refusal = RefuseToShow(store_, shard_, operation.address, *operation.principal, right, operation.task);
  if (!operation.refusal && entry->state != intended) RefuseWithRecord(operation, *entry);
}

bool Judge::Compare(ResolveOperation& operation) const {
  std::string bytes;
  const absl::StatusOr<storage::ResolvedEntry> entry = ReadOutcome(operation.task, operation.outcome_at, bytes);
  if (absl::IsNotFound(entry.status())) {
    if (operation.address.kind == TaskAddress::Kind::kKey) return false;
    operation.verdict = Verdict::kUnknown;
    operation.refusal = TaskUnknown();
    return true;
  }
  if (!entry.ok()) {
    operation.verdict = Verdict::kRefused;
    operation.refusal = StoreTrouble(entry.status());
    return true;
  }
  operation.refusal = RefuseToShow(store_, shard_, operation.address, *operation.principal, kResolve, operation.task);
  if (operation.refusal) {
    operation.verdict = Verdict::kUnknown;
    operation.task = 0;
    return true;
  }
  if (entry->state == operation.state && entry->output == operation.output && entry->error == operation.error &&
      entry->cause == operation.cause) {
    operation.verdict = Verdict::kReplayed;
    return true;
  }
  operation.verdict = VerdictOf(entry->state);
  RefuseWithRecord(operation, *entry);
  return true;
}

bool Judge::CheckContract(ResolveOperation& operation) const {
  absl::StatusOr<std::string> bytes = store_.Read(shard_, operation.task);
  absl::StatusOr<storage::IssuedEntry> entry = bytes.ok() ? storage::DecodeIssued(*bytes) : bytes.status();
  if (absl::IsNotFound(entry.status()) && operation.gone != operation.task) {
    // It has ended meanwhile, long enough ago to be forgotten.
    operation.gone = operation.task;
    return true;
  }
  if (!entry.ok()) {
    operation.verdict = Verdict::kRefused;
    operation.refusal = StoreTrouble(entry.status());
    return false;
  }
  const std::optional<contract::Breach> breach = contract::FindBreach(
      {entry->output_schema, entry->allowed_errors}, operation.state, operation.output, operation.error);
  operation.contract_checked = operation.task;
  if (!breach.has_value()) return true;
  operation.verdict = Verdict::kRefused;
  operation.refusal = {Reason::kContractViolation, absl::StrCat(breach->field, ": ", breach->message), breach->field};
  return false;
}

absl::StatusOr<storage::ResolvedEntry> Judge::ReadOutcome(Sequence task, Sequence outcome_at,
                                                          std::string& bytes) const {
  if (outcome_at == 0) {
    TB_ASSIGN_OR_RETURN(outcome_at, store_.Find(shard_, storage::OutcomeIndexKey(task)));
    if (outcome_at == 0) return absl::NotFoundError("the outcome is kept no longer");
  }
  TB_ASSIGN_OR_RETURN(bytes, store_.Read(shard_, outcome_at));
  // The index leads from an outcome to its delivery as it does from a task to its outcome.
  if (storage::PeekEntryType(bytes) == storage::EntryType::kDelivery)
    return absl::NotFoundError("no task has the number");
  return storage::DecodeResolved(bytes);
}

bool Judge::CompareIssue(IssueOperation& operation) const {
  std::string outcome_bytes;
  absl::StatusOr<std::string> bytes = store_.Read(shard_, operation.task);
  if (absl::IsNotFound(bytes.status())) return false;
  absl::StatusOr<storage::IssuedEntry> entry = bytes.ok() ? storage::DecodeIssued(*bytes) : bytes.status();
  if (!entry.ok()) {
    operation.refusal = StoreTrouble(entry.status());
    return true;
  }
  if (!SameRequest(operation, *entry)) {
    operation.refusal = {Reason::kRequestIdReused, "request_id was used before with other content", "request_id"};
    return true;
  }
  if (operation.ended) {
    absl::StatusOr<storage::ResolvedEntry> outcome = ReadOutcome(operation.task, operation.outcome_at, outcome_bytes);
    if (absl::IsNotFound(outcome.status())) return false;
    if (!outcome.ok()) {
      operation.refusal = StoreTrouble(outcome.status());
      return true;
    }
    operation.state = outcome->state;
  }
  operation.replayed = true;
  if (operation.ended) operation.deadline = entry->deadline;
  operation.superseded = entry->supersedes;
  return true;
}

}  // namespace tokenbroker::broker
