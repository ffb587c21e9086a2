// All that a shard knows in memory, and the only ways in which it changes.
//
// Everything here follows from the log: each mutation either writes a record into `batch` or, at start, comes from one
// (Replay). The rules (rules.h) decide which mutation to make; nothing here refuses anything.
//
// Not thread-safe: the broker guards it with one mutex, held for memory-speed work only.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "server/broker/beat_feed.h"
#include "server/broker/index_delta.h"
#include "server/broker/index_key.h"
#include "server/broker/lane_table.h"
#include "server/broker/limits.h"
#include "server/broker/namespace_table.h"
#include "server/broker/observer.h"
#include "server/broker/open_set.h"
#include "server/broker/operation.h"
#include "server/broker/outbox.h"
#include "server/broker/record_batch.h"
#include "server/broker/token_codec.h"
#include "server/timers/timer_wheel.h"
#include "storage/log_entry.h"
#include "storage/token_store.h"

namespace tokenbroker::broker {

// An outcome that waits for its task.
struct ParkedOutcome {
  uint32_t name_space = 0;
  storage::IndexKey key;
  TaskState state = TaskState::kSucceeded;
  std::string output;
  std::string error;
  std::string cause;
  std::string resolved_by;
  std::string request_id;
  TimeMs keep_until = 0;

  size_t Bytes() const { return output.size() + error.size() + cause.size() + 256; }
};

// The latest progress of a waiting task.
struct ProgressNote {
  // Empty if only the log has it.
  std::string details;
  TimeMs at = 0;
  // The latest log record with progress; 0 if none.
  Sequence logged_at = 0;
  TimeMs logged_time = 0;
};

class ShardState {
 public:
  ShardState(storage::ShardId shard, const storage::StoreIdentity& identity, const TokenCodec& codec, TimeMs now);

  // --- Mutations; each writes its record ---

  struct Ended {
    TaskState state;
    std::string_view output;
    std::string_view error;
    std::string_view cause;
    std::string_view resolved_by;
    std::string_view request_id;
    TimeMs due = 0;
  };

  // `supersedes` is only recorded; ending that task is another mutation.
  Sequence Issue(const IssueOperation& operation, uint32_t lane, uint16_t attempt, Sequence supersedes, TimeMs now);
  // What the task's target is owed from now on follows from the same record.
  Sequence Resolve(Sequence task, const Ended& ended, TimeMs now);
  void ChangeDeadline(Sequence task, OpenTask& open, TimeMs deadline, std::string_view by, TimeMs now);
  void RequestCancel(Sequence task, OpenTask& open, TimeMs deadline, std::string_view reason, std::string_view by,
                     TimeMs now);
  Sequence Park(const ResolveOperation& operation, uint32_t name_space, TimeMs keep_until, TimeMs now);
  // `applied_to` 0: dropped.
  void Unpark(Sequence parked, Sequence applied_to, TimeMs now);
  // Records what became of a delivery that is owed, or of a dead letter.
  void NoteDelivery(const DeliveryOperation& operation, TimeMs now);

  // --- Mutations that need no record ---

  void Beat(Sequence task, OpenTask& open, TimeMs now);
  // News of tasks of these targets from now on; that those which wait already have begun is the first.
  void FollowBeats(const std::vector<std::string>& targets);
  // The next heartbeat is news, if the task still waits.
  void AwaitBeat(Sequence task);
  // What keeping such a reason takes.
  static size_t ReasonBytes(std::string_view reason) { return reason.empty() ? 0 : reason.size() + 128; }
  // Keeps the progress; writes a record at most once a quarter of the heartbeat timeout. False: no room left for it.
  bool NoteProgress(Sequence task, const OpenTask& open, std::string_view details, uint64_t bytes_max, TimeMs now);
  // Adds a timer for the task's next deadline, unless one that is early enough runs.
  void Arm(Sequence task, OpenTask& open);

  // --- Start ---

  // Takes over one record of the log. To be called in order, before anything else; replaying records whose effects a
  // checkpoint already has is harmless.
  absl::Status Replay(Sequence sequence, std::string_view bytes);
  // After the last Replay: every heartbeat interval begins anew, every deadline gets its timer.
  void FinishReplay(TimeMs now);

  // The small things that a checkpoint carries besides index and open set, and back.
  std::string PackRest() const;
  Sequence hold_floor() const { return holds.empty() ? 0 : holds.back().sequence; }

  struct Rest {
    std::vector<Sequence> parked;  // their records are to be replayed first
  };
  absl::StatusOr<Rest> LoadRest(std::string_view bytes);
  // After blocks and rest are loaded: DATA_LOSS if they do not belong together.
  absl::Status CheckLoaded();

  // --- Look ---

  // The newest sequence number under the key; `stored` is what the store's index says.
  Sequence Find(const storage::IndexKey& key, Sequence stored) const {
    const Sequence found = index.Find(key);
    return found != 0 ? found : stored;
  }
  Located Locate(Sequence task) const;

  const storage::ShardId shard;
  const IndexHasher hasher;
  const TokenCodec& codec;

  // The namespace of a waiting task.
  uint32_t NameSpaceOf(const OpenTask& open_task) const { return lanes[open_task.lane].name_space; }

  RecordBatch batch;
  OpenSet open;
  IndexDelta index;
  NamespaceTable namespaces;
  LaneTable lanes;
  Outbox outbox{lanes};
  BeatFeed beats;
  absl::flat_hash_map<Sequence, ParkedOutcome> parked;
  absl::flat_hash_map<Sequence, ProgressNote> progress;
  // Why tasks whose grace time runs are cancelled, if it was said: the cause of their outcome.
  absl::flat_hash_map<Sequence, std::string> cancel_reasons;
  uint64_t parked_bytes = 0;
  uint64_t progress_bytes = 0;
  uint64_t cancel_reason_bytes = 0;
  // Deadlines by task, and by parked outcome.
  TimerWheel deadlines;
  TimerWheel park_ends;
  // How far the log was looked through for tasks that still wait, and when: each waiting task below `sequence` was a
  // held copy by then. Oldest first.
  std::vector<storage::Mark> holds;
  // Tasks below this may be held copies.
  Sequence release_floor = 0;
  // Held tasks that ended since the last checkpoint.
  std::vector<storage::Release> releases;
  // Whether nothing can have been sent since the checkpoint: the stop was orderly.
  bool orderly_stop = false;
  // Tasks that ended in the current commit, with the place of the outcome, and outcomes whose delivery was settled,
  // with the place of that record: whoever waits for them is told after it.
  std::vector<std::pair<Sequence, Sequence>> ended;
  // Waiting tasks whose deadline was moved, or whose cancellation was requested, by a commit that is not on disk yet:
  // as they stood before it. Emptied after each commit.
  absl::flat_hash_map<Sequence, OpenTask> moving;
  // The latest record written, durable or not.
  Sequence last_sequence = 0;
  // The time of the latest record.
  TimeMs last_time = 0;

 private:
  Sequence NextSequence() { return ++last_sequence; }
  void Open(Sequence task, const OpenTask& open_task);
  // Nothing happens if the task's target is not followed.
  void BeginBeats(Sequence task, OpenTask& open_task);
  void TellOfBeats(BeatNews::Kind kind, Sequence task, const OpenTask& open_task);
  void Close(Sequence task, Sequence outcome_at);
  void Keep(Sequence at, ParkedOutcome outcome);
  void Forget(Sequence parked_at);
  // The latest reason counts; none changes nothing.
  void KeepReason(Sequence task, std::string_view reason);
  void ForgetReason(Sequence task);

  void Replay(Sequence sequence, const storage::IssuedEntry& entry);
  void Replay(Sequence sequence, const storage::ResolvedEntry& entry);
  void Replay(Sequence sequence, const storage::DeadlineChangedEntry& entry);
  void Replay(Sequence sequence, const storage::CancelRequestedEntry& entry);
  void Replay(Sequence sequence, const storage::ProgressEntry& entry);
  void Replay(Sequence sequence, const storage::ParkedEntry& entry);
  void Replay(Sequence sequence, const storage::UnparkedEntry& entry);
  void Replay(Sequence sequence, const storage::DeliveryEntry& entry);
  void ApplyDelivery(const storage::DeliveryEntry& entry, Sequence at);
};

// The keys under which an issued task is found.
std::vector<storage::IndexKey> IndexKeysOf(const IndexHasher& hasher, const storage::IssuedEntry& entry);

}  // namespace tokenbroker::broker
