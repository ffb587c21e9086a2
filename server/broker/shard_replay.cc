// How a shard's state comes back from the log at start.
#include <algorithm>
#include <string>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "server/broker/shard_state.h"

namespace tokenbroker::broker {

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
  Open(sequence, OpenTaskOf(lanes.Intern(name_space, entry.target), entry));
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
  cancel_reasons.Keep(entry.task, entry.reason);
  found->deadline = entry.deadline;
  found->deadline_moved = 1;
  found->cancel_requested = 1;
  open.MarkDirty(entry.task);
}

void ShardState::Replay(Sequence sequence, const storage::ProgressEntry& entry) {
  if (open.Find(entry.task) != nullptr) Release(progress.KeepLogged(entry.task, sequence, entry.time), sequence);
}

void ShardState::Replay(Sequence sequence, const storage::ParkedEntry& entry) {
  const uint32_t name_space = namespaces.Intern(entry.name_space);
  const storage::IndexKey key = hasher.CorrelationKey(entry.name_space, entry.correlation_key);
  index.Put(key, sequence);
  parked.Keep(sequence, {name_space, key, entry.state, std::string(entry.output), std::string(entry.error),
                         std::string(entry.cause), std::string(entry.resolved_by), std::string(entry.request_id),
                         entry.keep_until, entry.time});
}

void ShardState::Replay(Sequence sequence, const storage::UnparkedEntry& entry) { parked.Forget(entry.parked); }

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

}  // namespace tokenbroker::broker
