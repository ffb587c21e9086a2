#include "server/broker/shard_state.h"

namespace tokenbroker::broker {
namespace {

constexpr DurationMs kProgressInterval = 15'000;

bool HasUpstream(const storage::IssuedEntry& entry) { return entry.upstream_hash_hi != 0; }

// The engine itself ended the others.
bool IsDelivered(TaskState state) {
  return state == TaskState::kSucceeded || state == TaskState::kFailed || state == TaskState::kExpired;
}

}  // namespace

std::vector<storage::IndexKey> IndexKeysOf(const IndexHasher& hasher, const storage::IssuedEntry& entry) {
  std::vector<storage::IndexKey> keys;
  if (!entry.request_id.empty()) keys.push_back(hasher.RequestId(entry.name_space, entry.request_id));
  if (!entry.correlation_key.empty()) keys.push_back(hasher.CorrelationKey(entry.name_space, entry.correlation_key));
  if (HasUpstream(entry)) keys.push_back({entry.upstream_hash_hi, entry.upstream_hash_lo});
  return keys;
}

OpenTask OpenTaskOf(uint32_t lane, const storage::IssuedEntry& entry) {
  OpenTask open{};
  open.deadline = entry.deadline;
  open.lane = lane;
  open.last_heartbeat = entry.time;
  open.attempt = entry.attempt;
  open.has_contract = !entry.output_schema.empty() || !entry.allowed_errors.empty();
  open.heartbeat_timeout = entry.heartbeat_timeout;
  open.has_upstream = HasUpstream(entry);
  return open;
}

ShardState::ShardState(storage::ShardId shard, const storage::StoreIdentity& identity, const TokenCodec& codec,
                       TimeMs now)
    : shard(shard),
      hasher(identity.hash_key),
      codec(codec),
      deadlines(now),
      park_ends(now),
      last_sequence(storage::MakeSequence(identity.epoch, 0)) {}

// --- Mutations ---

Sequence ShardState::Issue(const IssueOperation& operation, uint32_t lane, uint16_t attempt, Sequence supersedes,
                           TimeMs now) {
  const IssueRequest& request = operation.request;
  const Sequence task = NextSequence();
  storage::IssuedEntry entry;
  entry.time = now;
  entry.name_space = request.name_space;
  entry.request_id = request.request_id;
  entry.correlation_key = request.correlation_key;
  entry.attempt = attempt;
  entry.target = request.target;
  entry.deadline = now + request.timeout;
  entry.heartbeat_timeout = request.heartbeat_timeout;
  entry.summary = request.summary;
  entry.labels = request.labels;
  entry.input = request.input;
  entry.traceparent = request.traceparent;
  entry.tracestate = request.tracestate;
  entry.output_schema = request.output_schema;
  entry.allowed_errors = request.allowed_errors;
  entry.issued_by = operation.principal->id;
  entry.supersedes = supersedes;
  std::string sealed;
  if (!request.upstream_token.empty()) {
    sealed = codec.SealUpstream(task, request.upstream_token);
    entry.upstream_token_sealed = sealed;
    entry.upstream_hash_hi = operation.upstream_key.hi;
    entry.upstream_hash_lo = operation.upstream_key.lo;
    index.Put(operation.upstream_key, task);
  }
  batch.Add(task, entry);
  last_time = now;
  if (!request.request_id.empty()) index.Put(operation.request_key, task);
  if (!request.correlation_key.empty()) index.Put(operation.correlation_index_key, task);
  Open(task, OpenTaskOf(lane, entry));
  OpenTask& open_task = *open.Find(task);
  Arm(task, open_task);
  if (open_task.has_upstream) BeginBeats(task, open_task);
  return task;
}

Sequence ShardState::Resolve(Sequence task, const Ended& end, TimeMs now) {
  const Sequence at = NextSequence();
  storage::ResolvedEntry entry;
  entry.time = now;
  entry.task = task;
  entry.state = end.state;
  entry.output = end.output;
  entry.error = end.error;
  entry.cause = end.cause;
  entry.resolved_by = end.resolved_by;
  entry.request_id = end.request_id;
  entry.due = end.due;
  uint32_t lane = 0;
  if (const OpenTask* standing = open.Find(task)) {
    entry.deadline = standing->MovedDeadline();
    entry.cancel_requested = standing->cancel_requested;
    lane = standing->lane;
    if (lanes[lane].target != 0 && IsDelivered(end.state)) {
      entry.target = lanes.TargetOf(lane);
      entry.name_space = namespaces[lanes[lane].name_space].name;
    }
  }
  batch.Add(at, entry);
  last_time = now;
  Close(task, at);
  if (!entry.target.empty()) outbox.Owe(at, task, lane, now);
  ended.push_back({task, at});
  return at;
}

void ShardState::ChangeDeadline(Sequence task, OpenTask& open_task, TimeMs deadline, std::string_view by, TimeMs now) {
  batch.Add(NextSequence(), storage::DeadlineChangedEntry{now, task, deadline, by, open_task.cancel_requested != 0});
  last_time = now;
  moving.try_emplace(task, open_task);
  open_task.deadline = deadline;
  open_task.deadline_moved = 1;
  open.MarkDirty(task);
  Arm(task, open_task);
}

void ShardState::RequestCancel(Sequence task, OpenTask& open_task, TimeMs deadline, std::string_view reason,
                               std::string_view by, TimeMs now) {
  batch.Add(NextSequence(), storage::CancelRequestedEntry{now, task, deadline, reason, by});
  last_time = now;
  moving.try_emplace(task, open_task);
  cancel_reasons.Keep(task, reason);
  open_task.deadline = deadline;
  open_task.deadline_moved = 1;
  open_task.cancel_requested = 1;
  open.MarkDirty(task);
  Arm(task, open_task);
}

Sequence ShardState::Park(const ResolveOperation& operation, uint32_t name_space, TimeMs keep_until, TimeMs now) {
  const Sequence at = NextSequence();
  const TaskAddress& address = operation.address;
  ParkedOutcome outcome{name_space,
                        address.index_key,
                        operation.state,
                        std::string(operation.output),
                        std::string(operation.error),
                        std::string(operation.cause),
                        operation.principal->id,
                        std::string(operation.request_id),
                        keep_until,
                        now};
  batch.Add(at, storage::ParkedEntry{now, address.name_space, address.key, outcome.state, outcome.output, outcome.error,
                                     outcome.cause, outcome.resolved_by, outcome.request_id, keep_until});
  last_time = now;
  index.Put(address.index_key, at);
  parked.Keep(at, std::move(outcome));
  park_ends.Add(keep_until, at);
  return at;
}

void ShardState::Unpark(Sequence parked_at, Sequence applied_to, TimeMs now) {
  batch.Add(NextSequence(), storage::UnparkedEntry{now, parked_at, applied_to});
  last_time = now;
  parked.Forget(parked_at);
}

void ShardState::NoteDelivery(const DeliveryOperation& operation, TimeMs now) {
  const Sequence at = NextSequence();
  const OwedDelivery& owed = *outbox.Find(operation.outcome);
  const storage::DeliveryEntry entry{now,
                                     operation.outcome,
                                     owed.task,
                                     operation.state,
                                     operation.tries,
                                     operation.code,
                                     operation.message,
                                     operation.by_operator() ? std::string_view(operation.principal->id) : "",
                                     operation.may_have_arrived || owed.may_have_arrived};
  batch.Add(at, entry);
  last_time = now;
  ApplyDelivery(entry, at);
  if (entry.state != DeliveryState::kPending) ended.push_back({operation.outcome, at});
}

void ShardState::ApplyDelivery(const storage::DeliveryEntry& entry, Sequence at) {
  index.Put(storage::DeliveryIndexKey(entry.outcome), at);
  switch (entry.state) {
    case DeliveryState::kPending:
      outbox.Revive(entry.outcome, entry.time);
      return;
    case DeliveryState::kDeadLettered:
      outbox.Bury(entry.outcome, entry.may_have_arrived, entry.time);
      return;
    case DeliveryState::kDelivered:
    case DeliveryState::kProbablyDelivered:
    case DeliveryState::kDropped:
      outbox.Settle(entry.outcome);
      return;
  }
}

void ShardState::Beat(Sequence task, OpenTask& open_task, TimeMs now) {
  open_task.last_heartbeat = now;
  open_task.has_beaten = 1;
  if (!open_task.beat_awaited) return;
  open_task.beat_awaited = 0;
  TellOfBeats(BeatNews::Kind::kBeaten, task, open_task);
}

void ShardState::BeginBeats(Sequence task, OpenTask& open_task) {
  if (beats.PlaceOf(lanes.TargetOf(open_task.lane)) == BeatFeed::kNone) return;
  open_task.beat_awaited = 1;
  TellOfBeats(BeatNews::Kind::kBegan, task, open_task);
}

void ShardState::TellOfBeats(BeatNews::Kind kind, Sequence task, const OpenTask& open_task) {
  const uint32_t target = beats.PlaceOf(lanes.TargetOf(open_task.lane));
  if (target == BeatFeed::kNone) return;
  const auto interval = static_cast<DurationMs>(open_task.heartbeat_timeout);
  beats.Add({kind, target, task, kind == BeatNews::Kind::kBegan ? interval : 0});
}

void ShardState::FollowBeats(const std::vector<std::string>& targets) {
  beats.Follow(targets);
  open.VisitFrom(0, [this](Sequence task, OpenTask& open_task) {
    if (open_task.has_upstream) BeginBeats(task, open_task);
    return true;
  });
}

void ShardState::AwaitBeat(Sequence task) {
  OpenTask* const found = open.Find(task);
  if (found != nullptr && found->has_upstream) found->beat_awaited = 1;
}

bool ShardState::NoteProgress(Sequence task, const OpenTask& open_task, std::string_view details, uint64_t bytes_max,
                              TimeMs now) {
  ProgressNote* const note = progress.Keep(task, details, now, bytes_max);
  if (note == nullptr) return false;
  const DurationMs interval = open_task.heartbeat_timeout == 0 ? kProgressInterval : open_task.heartbeat_timeout / 4;
  if (note->logged_at != 0 && now - note->logged_time < interval) return true;
  const Sequence at = NextSequence();
  Release(progress.KeepLogged(task, at, now), at);
  batch.Add(at, storage::ProgressEntry{now, task, details, open_task.MovedDeadline(), open_task.cancel_requested != 0});
  last_time = now;
  return true;
}

// A task may have several timers in the wheel, but only one that counts: the one in the unit that `armed` names. When
// it goes off too early (a heartbeat came, or the deadline moved), it is set again; the others are ignored. So timers
// cannot pile up, whatever the callers do.
void ShardState::Arm(Sequence task, OpenTask& open_task) {
  const TimeMs due = open_task.Due();
  if (open_task.armed != 0 && OpenTask::ArmedUnit(due) > open_task.armed) return;
  open_task.armed = OpenTask::ArmedUnit(due);
  deadlines.Add(due, task);
}

void ShardState::Open(Sequence task, const OpenTask& open_task) {
  if (open.Find(task) == nullptr) ++namespaces[NameSpaceOf(open_task)].open;
  open.Insert(task, open_task);
}

void ShardState::Close(Sequence task, Sequence outcome_at) {
  if (const OpenTask* found = open.Find(task)) {
    --namespaces[NameSpaceOf(*found)].open;
    if (found->has_upstream) TellOfBeats(BeatNews::Kind::kEnded, task, *found);
    open.Erase(task);
  }
  Release(progress.Forget(task), outcome_at);
  cancel_reasons.Forget(task);
  index.Put(storage::OutcomeIndexKey(task), outcome_at);
  Release(task, outcome_at);
}

void ShardState::Release(Sequence record, Sequence at) {
  if (record != 0 && record < release_floor) releases.push_back({at, record});
}

Located ShardState::Locate(Sequence task) const {
  Located located;
  located.task = task;
  const OpenTask* found = open.Find(task);
  if (found == nullptr) {
    located.outcome_at = index.Find(storage::OutcomeIndexKey(task));
    return located;
  }
  located.open = *found;
  if (const ProgressNote* note = progress.Find(task)) {
    located.progress = note->details;
    located.progress_at = note->at;
    if (located.progress.empty()) located.progress_logged_at = note->logged_at;
  }
  return located;
}

}  // namespace tokenbroker::broker
