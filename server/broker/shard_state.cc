#include "server/broker/shard_state.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "storage/wire.h"

namespace tokenbroker::broker {
namespace {

constexpr DurationMs kProgressInterval = 15'000;
constexpr size_t kProgressOverhead = 128;

// As many as OpenTask has for them.
constexpr int kTimeBits = 45;

bool HasUpstream(const storage::IssuedEntry& entry) { return entry.upstream_hash_hi != 0; }

OpenTask MakeOpen(uint32_t lane, const storage::IssuedEntry& entry) {
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
  Open(task, MakeOpen(lane, entry));
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
  KeepReason(task, reason);
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
                        keep_until};
  batch.Add(at, storage::ParkedEntry{now, address.name_space, address.key, outcome.state, outcome.output, outcome.error,
                                     outcome.cause, outcome.resolved_by, outcome.request_id, keep_until});
  last_time = now;
  index.Put(address.index_key, at);
  Keep(at, std::move(outcome));
  park_ends.Add(keep_until, at);
  return at;
}

void ShardState::Unpark(Sequence parked_at, Sequence applied_to, TimeMs now) {
  batch.Add(NextSequence(), storage::UnparkedEntry{now, parked_at, applied_to});
  last_time = now;
  Forget(parked_at);
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
  auto found = progress.find(task);
  const uint64_t before = found == progress.end() ? 0 : found->second.details.size() + kProgressOverhead;
  const uint64_t after = details.size() + kProgressOverhead;
  if (progress_bytes - before + after > bytes_max) return false;
  progress_bytes += after - before;
  ProgressNote& note = progress[task];
  note.details = details;
  note.at = now;
  const DurationMs interval = open_task.heartbeat_timeout == 0 ? kProgressInterval : open_task.heartbeat_timeout / 4;
  if (note.logged_at != 0 && now - note.logged_time < interval) return true;
  note.logged_at = NextSequence();
  note.logged_time = now;
  batch.Add(note.logged_at,
            storage::ProgressEntry{now, task, details, open_task.MovedDeadline(), open_task.cancel_requested != 0});
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
  if (auto found = progress.find(task); found != progress.end()) {
    progress_bytes -= found->second.details.size() + kProgressOverhead;
    progress.erase(found);
  }
  ForgetReason(task);
  index.Put(storage::OutcomeIndexKey(task), outcome_at);
  if (task < release_floor) releases.push_back({outcome_at, task});
}

void ShardState::Keep(Sequence at, ParkedOutcome outcome) {
  Forget(at);
  ++namespaces[outcome.name_space].parked;
  parked_bytes += outcome.Bytes();
  parked.emplace(at, std::move(outcome));
}

void ShardState::Forget(Sequence parked_at) {
  auto found = parked.find(parked_at);
  if (found == parked.end()) return;
  --namespaces[found->second.name_space].parked;
  parked_bytes -= found->second.Bytes();
  parked.erase(found);
}

void ShardState::KeepReason(Sequence task, std::string_view reason) {
  if (reason.empty()) return;
  ForgetReason(task);
  cancel_reasons[task] = reason;
  cancel_reason_bytes += ReasonBytes(reason);
}

void ShardState::ForgetReason(Sequence task) {
  auto found = cancel_reasons.find(task);
  if (found == cancel_reasons.end()) return;
  cancel_reason_bytes -= ReasonBytes(found->second);
  cancel_reasons.erase(found);
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
  if (auto note = progress.find(task); note != progress.end()) {
    located.progress = note->second.details;
    located.progress_at = note->second.at;
    if (located.progress.empty()) located.progress_logged_at = note->second.logged_at;
  }
  return located;
}

// --- Start ---

absl::Status ShardState::Replay(Sequence sequence, std::string_view bytes) {
  absl::StatusOr<storage::LogEntry> entry = storage::DecodeEntry(bytes);
  if (!entry.ok()) {
    return absl::Status(entry.status().code(), absl::StrCat("replaying record ", sequence, " of shard ",
                                                            static_cast<int>(shard), ": ", entry.status().message()));
  }
  std::visit(
      [&](const auto& known) {
        Replay(sequence, known);
        last_time = std::max(last_time, known.time);
      },
      *entry);
  last_sequence = std::max(last_sequence, sequence);
  return absl::OkStatus();
}

void ShardState::Replay(Sequence sequence, const storage::IssuedEntry& entry) {
  const uint32_t name_space = namespaces.Intern(entry.name_space);
  for (const storage::IndexKey& key : IndexKeysOf(hasher, entry)) index.Put(key, sequence);
  Open(sequence, MakeOpen(lanes.Intern(name_space, entry.target), entry));
}

void ShardState::Replay(Sequence sequence, const storage::ResolvedEntry& entry) {
  Close(entry.task, sequence);
  if (entry.target.empty()) return;
  const uint32_t lane = lanes.Intern(namespaces.Intern(entry.name_space), entry.target);
  outbox.Owe(sequence, entry.task, lane, entry.time);
}

// What is not in the outbox any more was settled by a record behind this one, which a checkpoint has already.
void ShardState::Replay(Sequence sequence, const storage::DeliveryEntry& entry) { ApplyDelivery(entry, sequence); }

void ShardState::Replay(Sequence sequence, const storage::DeadlineChangedEntry& entry) {
  OpenTask* found = open.Find(entry.task);
  if (found == nullptr) return;
  found->deadline = entry.deadline;
  found->deadline_moved = 1;
  open.MarkDirty(entry.task);
}

void ShardState::Replay(Sequence sequence, const storage::CancelRequestedEntry& entry) {
  OpenTask* found = open.Find(entry.task);
  if (found == nullptr) return;
  KeepReason(entry.task, entry.reason);
  found->deadline = entry.deadline;
  found->deadline_moved = 1;
  found->cancel_requested = 1;
  open.MarkDirty(entry.task);
}

void ShardState::Replay(Sequence sequence, const storage::ProgressEntry& entry) {
  if (open.Find(entry.task) == nullptr) return;
  ProgressNote& note = progress[entry.task];
  if (note.logged_at == 0) progress_bytes += kProgressOverhead;
  note.at = note.logged_time = entry.time;
  note.logged_at = sequence;
}

void ShardState::Replay(Sequence sequence, const storage::ParkedEntry& entry) {
  const uint32_t name_space = namespaces.Intern(entry.name_space);
  const storage::IndexKey key = hasher.CorrelationKey(entry.name_space, entry.correlation_key);
  index.Put(key, sequence);
  Keep(sequence,
       {name_space, key, entry.state, std::string(entry.output), std::string(entry.error), std::string(entry.cause),
        std::string(entry.resolved_by), std::string(entry.request_id), entry.keep_until});
}

void ShardState::Replay(Sequence sequence, const storage::UnparkedEntry& entry) { Forget(entry.parked); }

void ShardState::FinishReplay(TimeMs now) {
  for (uint32_t i = 0; i < namespaces.size(); ++i) namespaces[i].open = 0;
  open.VisitFrom(0, [&](Sequence task, OpenTask& open_task) {
    ++namespaces[NameSpaceOf(open_task)].open;
    open_task.last_heartbeat = now;
    open_task.has_beaten = 0;
    open_task.armed = 0;
    open_task.beat_awaited = 0;
    Arm(task, open_task);
    return true;
  });
  for (const auto& [at, outcome] : parked) park_ends.Add(outcome.keep_until, at);
  outbox.FinishReplay(orderly_stop);
  orderly_stop = false;
}

// varint count and names of namespaces, (sequence, time) of holds, parked sequence numbers, (task, record, time) of
// logged progress, (task, text) of reasons for cancelling, names of targets, (namespace, target) of lanes; 1 after an
// orderly stop, else 0. Nothing in it tells how to read it: another form is another storage format
// (docs/storage-format.md).
std::string ShardState::PackRest() const {
  std::string out;
  storage::AppendVarint(out, namespaces.size());
  for (uint32_t i = 0; i < namespaces.size(); ++i) {
    storage::AppendVarint(out, namespaces[i].name.size());
    out.append(namespaces[i].name);
  }
  storage::AppendVarint(out, holds.size());
  for (const storage::Mark& hold : holds) {
    storage::AppendVarint(out, hold.sequence);
    storage::AppendVarint(out, hold.time);
  }
  storage::AppendVarint(out, parked.size());
  for (const auto& [at, outcome] : parked) storage::AppendVarint(out, at);
  storage::AppendVarint(out, progress.size());
  for (const auto& [task, note] : progress) {
    storage::AppendVarint(out, task);
    storage::AppendVarint(out, note.logged_at);
    storage::AppendVarint(out, note.at);
  }
  storage::AppendVarint(out, cancel_reasons.size());
  for (const auto& [task, reason] : cancel_reasons) {
    storage::AppendVarint(out, task);
    storage::AppendVarint(out, reason.size());
    out.append(reason);
  }
  storage::AppendVarint(out, lanes.targets() - 1);
  for (uint32_t i = 1; i < lanes.targets(); ++i) {
    storage::AppendVarint(out, lanes.TargetName(i).size());
    out.append(lanes.TargetName(i));
  }
  storage::AppendVarint(out, lanes.size());
  for (uint32_t i = 0; i < lanes.size(); ++i) {
    storage::AppendVarint(out, lanes[i].name_space);
    storage::AppendVarint(out, lanes[i].target);
  }
  storage::AppendVarint(out, orderly_stop);
  return out;
}

absl::StatusOr<ShardState::Rest> ShardState::LoadRest(std::string_view bytes) {
  Rest rest;
  storage::WireReader in(bytes);
  const auto read_time = [&in] {
    const uint64_t time = in.Varint();
    if (time >> kTimeBits != 0) in.Fail();
    return static_cast<TimeMs>(in.ok() ? time : 0);
  };
  for (uint64_t left = in.Varint(); left > 0 && in.ok(); --left) namespaces.Intern(in.Bytes(in.Varint()));
  for (uint64_t left = in.Varint(); left > 0 && in.ok(); --left) {
    const Sequence sequence = in.Varint();
    holds.push_back({sequence, read_time()});
  }
  for (uint64_t left = in.Varint(); left > 0 && in.ok(); --left) rest.parked.push_back(in.Varint());
  for (uint64_t left = in.Varint(); left > 0 && in.ok(); --left) {
    ProgressNote& note = progress[in.Varint()];
    note.logged_at = in.Varint();
    note.at = note.logged_time = read_time();
    progress_bytes += kProgressOverhead;
  }
  for (uint64_t left = in.Varint(); left > 0 && in.ok(); --left) {
    const Sequence task = in.Varint();
    KeepReason(task, in.Bytes(in.Varint()));
  }
  for (uint64_t left = in.Varint(); left > 0 && in.ok(); --left) lanes.InternTarget(in.Bytes(in.Varint()));
  for (uint64_t left = in.Varint(); left > 0 && in.ok(); --left) {
    const uint64_t name_space = in.Varint();
    const uint64_t target = in.Varint();
    if (name_space >= namespaces.size() || target >= lanes.targets() || lanes.full()) in.Fail();
    if (in.ok()) lanes.Intern(static_cast<uint32_t>(name_space), lanes.TargetName(static_cast<uint32_t>(target)));
  }
  orderly_stop = in.Varint() != 0;
  if (!in.ok() || !in.at_end()) return absl::DataLossError("the checkpoint's state is damaged");
  return rest;
}

absl::Status ShardState::CheckLoaded() {
  absl::Status status;
  const auto check = [&](const char* set, Sequence sequence, uint64_t lane) {
    if (lane < lanes.size()) return true;
    status = absl::DataLossError(absl::StrCat("block ", BlockOf(sequence), " of ", set, " is damaged: ", sequence,
                                              " is in lane ", lane, " of ", lanes.size()));
    return false;
  };
  open.VisitFrom(0, [&](Sequence task, const OpenTask& entry) { return check(entry.kSetName, task, entry.lane); });
  outbox.VisitFrom(
      0, [&](Sequence outcome, const OwedDelivery& entry) { return check(entry.kSetName, outcome, entry.lane); });
  return status;
}

}  // namespace tokenbroker::broker
