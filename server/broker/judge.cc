#include "server/broker/judge.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "server/broker/contract.h"
#include "server/broker/rules.h"
#include "storage/log_entry.h"

namespace tokenbroker::broker {
namespace {

Refusal StoreTrouble(const absl::Status& status) {
  return {Reason::kInternal, absl::StrCat("reading the store: ", status.message())};
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

// Whether the caller may know that the task exists. `read` gets the record if it had to be read.
bool MaySee(const storage::TokenStore& store, storage::ShardId shard, const TaskAddress& address, const Principal& principal,
            Right right, Sequence task) {
  if (address.proven() || address.kind == TaskAddress::Kind::kKey) return true;  // the key's namespace was checked before
  if (principal.everywhere & right) return true;
  absl::StatusOr<std::string> bytes = store.Read(shard, task);
  if (!bytes.ok()) return false;
  absl::StatusOr<storage::IssuedEntry> issued = storage::DecodeIssued(*bytes);
  return issued.ok() && principal.May(right, issued->name_space);
}

template <typename Op>
void RefuseWithRecord(Op& operation, const storage::ResolvedEntry& entry) {
  operation.refusal = RefuseEnded(entry.state);
  operation.recorded = Recorded(entry);
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
         entry.summary == request.summary && entry.input == request.input && entry.output_schema == request.output_schema &&
         entry.allowed_errors == request.allowed_errors && entry.upstream_hash_hi == operation.upstream_key.hi &&
         entry.upstream_hash_lo == operation.upstream_key.lo && SameLabels(entry.labels, request.labels);
}

}  // namespace

void Judge::Compare(Operation& operation) const {
  switch (operation.kind) {
    case Operation::Kind::kResolve:
      return Compare(static_cast<ResolveOperation&>(operation));
    case Operation::Kind::kCancel:
      return Compare(static_cast<CancelOperation&>(operation));
    default:
      break;
  }
  const bool beat = operation.kind == Operation::Kind::kHeartbeat;
  auto* heartbeat = static_cast<HeartbeatOperation*>(&operation);
  auto* extend = static_cast<ExtendOperation*>(&operation);
  const TaskAddress& address = beat ? heartbeat->address : extend->address;
  const Sequence task = beat ? heartbeat->task : extend->task;
  absl::StatusOr<std::string> bytes = store_.Read(shard_, beat ? heartbeat->outcome_at : extend->outcome_at);
  absl::StatusOr<storage::ResolvedEntry> entry = bytes.ok() ? storage::DecodeResolved(*bytes) : bytes.status();
  if (!entry.ok()) {
    operation.refusal = absl::IsNotFound(entry.status()) ? TaskUnknown() : StoreTrouble(entry.status());
  } else if (!MaySee(store_, shard_, address, *operation.principal, beat ? kResolve : kIssue, task)) {
    operation.refusal = TaskUnknown();
  } else {
    beat ? RefuseWithRecord(*heartbeat, *entry) : RefuseWithRecord(*extend, *entry);
  }
}

void Judge::Compare(ResolveOperation& operation) const {
  absl::StatusOr<std::string> bytes = store_.Read(shard_, operation.outcome_at);
  absl::StatusOr<storage::ResolvedEntry> entry = bytes.ok() ? storage::DecodeResolved(*bytes) : bytes.status();
  if (!entry.ok()) {
    const bool gone = absl::IsNotFound(entry.status());
    operation.verdict = gone ? Verdict::kUnknown : Verdict::kRefused;
    operation.refusal = gone ? TaskUnknown() : StoreTrouble(entry.status());
    return;
  }
  if (!MaySee(store_, shard_, operation.address, *operation.principal, kResolve, operation.task)) {
    operation.verdict = Verdict::kUnknown;
    operation.refusal = TaskUnknown();
    operation.task = 0;
    return;
  }
  if (entry->state == operation.state && entry->output == operation.output && entry->error == operation.error &&
      entry->cause == operation.cause) {
    operation.verdict = Verdict::kReplayed;
    return;
  }
  operation.verdict = VerdictOf(entry->state);
  RefuseWithRecord(operation, *entry);
}

void Judge::Compare(CancelOperation& operation) const {
  absl::StatusOr<std::string> bytes = store_.Read(shard_, operation.outcome_at);
  absl::StatusOr<storage::ResolvedEntry> entry = bytes.ok() ? storage::DecodeResolved(*bytes) : bytes.status();
  if (!entry.ok()) {
    operation.refusal = absl::IsNotFound(entry.status()) ? TaskUnknown() : StoreTrouble(entry.status());
  } else if (!MaySee(store_, shard_, operation.address, *operation.principal, kIssue, operation.task)) {
    operation.refusal = TaskUnknown();
  } else if (entry->state != TaskState::kCancelled) {
    RefuseWithRecord(operation, *entry);
  }
}

bool Judge::CheckContract(ResolveOperation& operation) const {
  absl::StatusOr<std::string> bytes = store_.Read(shard_, operation.task);
  absl::StatusOr<storage::IssuedEntry> entry = bytes.ok() ? storage::DecodeIssued(*bytes) : bytes.status();
  if (!entry.ok()) {
    operation.verdict = Verdict::kRefused;
    operation.refusal = StoreTrouble(entry.status());
    return false;
  }
  std::optional<ContractBreach> breach;
  if (operation.state == TaskState::kSucceeded && !entry->output_schema.empty()) {
    breach = CheckOutput(entry->output_schema, operation.output);
  } else if (operation.state == TaskState::kFailed) {
    breach = CheckError(entry->allowed_errors, operation.error);
  }
  operation.contract_checked = true;
  if (!breach.has_value()) return true;
  operation.verdict = Verdict::kRefused;
  operation.refusal = {Reason::kContractViolation, absl::StrCat(breach->field, ": ", breach->message), breach->field};
  return false;
}

bool Judge::CompareIssue(IssueOperation& operation) const {
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
  operation.replayed = true;
  operation.deadline = entry->deadline;
  operation.superseded = entry->supersedes;
  return true;
}

}  // namespace tokenbroker::broker
