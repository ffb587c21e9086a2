#include "server/broker/rules.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "server/broker/refusals.h"

namespace tokenbroker::broker {
namespace {

// Cancelling and extending are the issuer's: no token is made for them, so no limited token names a task there.
Refusal RefuseForIssuer(const token::Limits& limits) {
  if (limits.none()) return {};
  return {Reason::kPermissionDenied, "a limited token cannot name the task of this call"};
}

}  // namespace

void Rules::Prefetch(const Operation& operation) const {
  if (operation.kind == Operation::Kind::kIssue) {
    const auto& issue = static_cast<const IssueOperation&>(operation);
    if (!issue.request.request_id.empty()) state_.index.Prefetch(issue.request_key);
    if (!issue.request.correlation_key.empty()) state_.index.Prefetch(issue.correlation_index_key);
  } else if (operation.kind == Operation::Kind::kResolve) {
    const TaskAddress& address = static_cast<const ResolveOperation&>(operation).address;
    state_.open.Prefetch(address.task);
    state_.index.Prefetch(storage::OutcomeIndexKey(address.task));
  }
}

void Rules::PrefetchEntry(const Operation& operation) const {
  if (operation.kind != Operation::Kind::kResolve) return;
  state_.open.PrefetchEntry(static_cast<const ResolveOperation&>(operation).address.task);
}

void Rules::Decide(Operation& operation, TimeMs now) {
  switch (operation.kind) {
    case Operation::Kind::kIssue:
      return Decide(static_cast<IssueOperation&>(operation), now);
    case Operation::Kind::kResolve:
      return Decide(static_cast<ResolveOperation&>(operation), now);
    case Operation::Kind::kHeartbeat:
      return Decide(static_cast<HeartbeatOperation&>(operation), now);
    case Operation::Kind::kCancel:
      return Decide(static_cast<CancelOperation&>(operation), now);
    case Operation::Kind::kExtend:
      return Decide(static_cast<ExtendOperation&>(operation), now);
    case Operation::Kind::kLocate:
      return Decide(static_cast<LocateOperation&>(operation), now);
    case Operation::Kind::kAwait:
      return Decide(static_cast<AwaitOperation&>(operation), now);
    case Operation::Kind::kDelivery:
      return Decide(static_cast<DeliveryOperation&>(operation), now);
  }
}

bool Rules::DecideNow(Operation& operation, Sequence committed, TimeMs now) {
  const TaskAddress* address = nullptr;
  if (operation.kind == Operation::Kind::kHeartbeat) address = &static_cast<HeartbeatOperation&>(operation).address;
  if (operation.kind == Operation::Kind::kLocate) address = &static_cast<LocateOperation&>(operation).address;
  if (operation.kind == Operation::Kind::kAwait && static_cast<AwaitOperation&>(operation).delivery_of == 0)
    address = &static_cast<AwaitOperation&>(operation).address;
  if (address == nullptr) return false;
  if (address->kind != TaskAddress::Kind::kUnknown) {
    const Sequence task = TaskOf(*address, operation);
    const OpenTask* open = task == 0 || task > committed ? nullptr : state_.open.Find(task);
    if (open == nullptr || open->Due() <= now) return false;
    if (!state_.moving.empty() && state_.moving.contains(task)) return false;
  }
  Decide(operation, now);
  return true;
}

// --- Addresses ---

Sequence Rules::TaskOf(const TaskAddress& address, const Operation& operation) const {
  switch (address.kind) {
    case TaskAddress::Kind::kUnknown:
      return 0;
    case TaskAddress::Kind::kToken:
    case TaskAddress::Kind::kId:
      return address.task;
    case TaskAddress::Kind::kKey:
    case TaskAddress::Kind::kUpstream: {
      const Sequence found = state_.Find(address.index_key, operation.stored_task);
      return found == operation.gone ? 0 : found;
    }
  }
  return 0;
}

bool Rules::May(const Operation& operation, const TaskAddress& address, Right right, const OpenTask& open) const {
  return address.Proves(right) || operation.principal->May(right, state_.namespaces[state_.NameSpaceOf(open)].name);
}

void Rules::LookForOutcome(Operation& operation, Sequence task, Sequence& outcome_at) const {
  outcome_at = state_.index.Find(storage::OutcomeIndexKey(task));
  operation.next = outcome_at != 0 ? Operation::Next::kCompare : Operation::Next::kFindOutcome;
}

OpenTask* Rules::WaitingTask(TaskOperation& operation, Right right, TimeMs now) {
  const TaskAddress& address = operation.address;
  if (address.kind == TaskAddress::Kind::kKey && !operation.principal->May(right, address.name_space)) {
    operation.refusal = LacksRight(*operation.principal, right, address.name_space);
    return nullptr;
  }
  const Sequence task = TaskOf(address, operation);
  OpenTask* open = task == 0 ? nullptr : state_.open.Find(task);
  operation.task = 0;
  if (task == 0 || state_.parked.contains(task)) {
    operation.refusal = TaskUnknown();
    return nullptr;
  }
  if (open != nullptr && !May(operation, address, right, *open)) {
    const std::string& name_space = state_.namespaces[state_.NameSpaceOf(*open)].name;
    operation.refusal = RefuseTask(address, *operation.principal, right, name_space);
    return nullptr;
  }
  operation.task = task;
  if (open != nullptr && !ExpireIfDue(task, *open, now)) return open;
  LookForOutcome(operation, task, operation.outcome_at);
  return nullptr;
}

// --- Heartbeat, cancel, extend ---

void Rules::Decide(HeartbeatOperation& operation, TimeMs now) {
  operation.refusal = RefuseBeyondLimits(operation.address.limits, token::kHeartbeat, {}, now);
  if (operation.refusal) return;
  OpenTask* open = WaitingTask(operation, kResolve, now);
  if (open == nullptr) return;
  state_.Beat(operation.task, *open, now);
  if (!operation.progress.empty() &&
      !state_.NoteProgress(operation.task, *open, operation.progress, limits_.progress_bytes, now)) {
    observer_.Overloaded(Queue::kProgress);
  }
  operation.cancel_requested = open->cancel_requested;
  operation.heartbeat_timeout = open->heartbeat_timeout;
  operation.next_due = open->heartbeat_timeout == 0 ? 0 : open->Due();
  operation.remaining = static_cast<TimeMs>(open->deadline) - now;
  tally_.Beat();
}

void Rules::Decide(CancelOperation& operation, TimeMs now) {
  if (operation.refusal = RefuseForIssuer(operation.address.limits); operation.refusal) return;
  OpenTask* open = WaitingTask(operation, kIssue, now);
  if (open == nullptr) return;
  if (operation.grace > 0) {
    if (!state_.cancel_reasons.Fits(operation.task, operation.reason, limits_.cancel_reason_bytes)) {
      observer_.Overloaded(Queue::kCancelReasons);
      operation.refusal = RefuseFull(
          Reason::kOverloaded, absl::StrCat("reasons that are kept until a grace time ends hold ",
                                            limits_.cancel_reason_bytes, " bytes at most, and this one does not fit"));
      return;
    }
    const TimeMs end = std::min<TimeMs>(open->deadline, now + operation.grace);
    state_.RequestCancel(operation.task, *open, end, operation.reason, operation.principal->id, now);
    return;
  }
  const std::string_view reason =
      operation.reason.empty() ? state_.cancel_reasons.Find(operation.task) : operation.reason;
  operation.outcome_at = state_.Resolve(
      operation.task, {TaskState::kCancelled, "", "Cancelled", reason, operation.principal->id, ""}, now);
  tally_.Resolved(TaskState::kCancelled);
}

void Rules::Decide(ExtendOperation& operation, TimeMs now) {
  if (operation.refusal = RefuseForIssuer(operation.address.limits); operation.refusal) return;
  OpenTask* open = WaitingTask(operation, kIssue, now);
  if (open == nullptr) return;
  if (open->cancel_requested) {
    operation.refusal = {Reason::kCancelRequested,
                         "the task's cancellation was requested: it ends with the grace time, if not before"};
    return;
  }
  state_.ChangeDeadline(operation.task, *open, now + operation.timeout, operation.principal->id, now);
}

// --- Look ---

// Whether the caller may see a task that no longer waits is decided when its record is read.
OpenTask* Rules::Look(LookOperation& operation, TimeMs now) {
  const TaskAddress& address = operation.address;
  operation.refusal = RefuseBeyondLimits(address.limits, token::kRead, {}, now);
  if (operation.refusal) return nullptr;
  if (address.kind == TaskAddress::Kind::kKey && !operation.principal->May(kRead, address.name_space)) {
    operation.refusal = LacksRight(*operation.principal, kRead, address.name_space);
    return nullptr;
  }
  const Sequence task = TaskOf(address, operation);
  OpenTask* open = task == 0 ? nullptr : state_.open.Find(task);
  if (task == 0 || state_.parked.contains(task) || (open != nullptr && !May(operation, address, kRead, *open))) {
    operation.refusal = TaskUnknown();
    return nullptr;
  }
  if (open != nullptr && ExpireIfDue(task, *open, now)) open = nullptr;
  operation.located = state_.Locate(task);
  if (open == nullptr && operation.located.outcome_at == 0) operation.next = Operation::Next::kFindOutcome;
  return open;
}

void Rules::Decide(LocateOperation& operation, TimeMs now) { Look(operation, now); }

void Rules::Decide(AwaitOperation& operation, TimeMs now) {
  if (operation.delivery_of != 0) return DecideDelivery(operation, now);
  if (Look(operation, now) != nullptr) Wait(operation, operation.located.task, now);
}

void Rules::Wait(AwaitOperation& operation, Sequence sequence, TimeMs now) {
  if (operation.given_up || operation.limit == 0) return;
  if (waits_.size() >= limits_.awaits) {
    observer_.Overloaded(Queue::kAwaits);
    operation.refusal = RefuseFull(Reason::kOverloaded, absl::StrCat(limits_.awaits, " calls wait already, the limit"));
    return;
  }
  operation.next = Operation::Next::kWait;
  waits_.Add(operation, sequence, now + operation.limit);
}

// --- Deliveries ---

void Rules::DecideDelivery(AwaitOperation& operation, TimeMs now) {
  const OwedDelivery* owed = state_.outbox.Find(operation.delivery_of);
  if (owed != nullptr && !owed->dead) Wait(operation, operation.delivery_of, now);
}

void Rules::Decide(DeliveryOperation& operation, TimeMs now) {
  const OwedDelivery* owed = state_.outbox.Find(operation.outcome);
  if (owed == nullptr) {
    operation.refusal = DeliverySettled();
    return;
  }
  if (operation.by_operator()) {
    const std::string& name_space = state_.namespaces[state_.lanes[owed->lane].name_space].name;
    if (!operation.principal->May(kAdminister, name_space)) {
      operation.refusal = LacksRight(*operation.principal, kAdminister, name_space);
      return;
    }
    if (operation.state == DeliveryState::kPending && !owed->dead) return;  // it is owed already
    if (operation.if_dead.value_or(owed->dead) != owed->dead) return;
  } else if (owed->dead) {
    operation.refusal = DeliverySettled();
    return;
  }
  const uint32_t lane = owed->lane;
  state_.NoteDelivery(operation, now);
  operation.changed = true;
  observer_.DeliveryNoted(state_.lanes.TargetOf(lane), operation.state);
}

// --- Deadlines ---

void Rules::Expire(Sequence task, const OpenTask& open, TimeMs now) {
  const bool total = static_cast<TimeMs>(open.deadline) <= open.HeartbeatDue();
  const TimeMs due = open.Due();
  ShardState::Ended end{TaskState::kExpired, "", total ? "Timeout" : "HeartbeatTimeout", "", "broker", "", due};
  if (open.cancel_requested && total) {
    end.state = TaskState::kCancelled;
    end.error = "Cancelled";
    end.cause = state_.cancel_reasons.Find(task);
    if (end.cause.empty()) end.cause = "cancellation was requested and the grace time ended";
  }
  state_.Resolve(task, end, now);
  tally_.Resolved(end.state);
  observer_.Expired(now - due);
}

bool Rules::ExpireIfDue(Sequence task, OpenTask& open, TimeMs now) {
  if (open.Due() > now) return false;
  Expire(task, open, now);
  return true;
}

const ParkedOutcome* Rules::ParkedAt(Sequence at, TimeMs now) {
  const ParkedOutcome* const parked = state_.parked.Find(at);
  if (parked == nullptr || parked->keep_until > now) return parked;
  observer_.ParkedOutcomeLapsed(state_.namespaces[parked->name_space].name);
  state_.Unpark(at, 0, now);
  return nullptr;
}

bool Rules::ServeDeadlines(TimeMs now) {
  due_.clear();
  bool more = state_.deadlines.Advance(now, limits_.expiries_per_commit, due_);
  for (const TimerWheel::Timer& timer : due_) {
    OpenTask* open = state_.open.Find(timer.id);
    if (open == nullptr || ExpireIfDue(timer.id, *open, now)) continue;
    // Too early: a heartbeat came, or the deadline moved. Only the timer that counts is set again; see ShardState::Arm.
    if (open->armed != OpenTask::ArmedUnit(timer.due)) continue;
    open->armed = 0;
    state_.Arm(timer.id, *open);
  }
  due_.clear();
  more |= state_.park_ends.Advance(now, limits_.expiries_per_commit, due_);
  for (const TimerWheel::Timer& timer : due_) {
    ParkedAt(timer.id, now);
  }
  return more;
}

}  // namespace tokenbroker::broker
