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
#include "server/broker/cancel_reasons.h"
#include "server/broker/index_delta.h"
#include "server/broker/index_key.h"
#include "server/broker/lane_table.h"
#include "server/broker/limits.h"
#include "server/broker/namespace_table.h"
#include "server/broker/observer.h"
#include "server/broker/open_set.h"
#include "server/broker/operation.h"
#include "server/broker/outbox.h"
#include "server/broker/parked_outcomes.h"
#include "server/broker/progress_notes.h"
#include "server/broker/record_batch.h"
#include "server/broker/token_codec.h"
#include "server/timers/timer_wheel.h"
#include "storage/log_entry.h"
#include "storage/token_store.h"

namespace tokenbroker::broker {

class ShardState {
 public:
  ShardState(storage::ShardId shard, const storage::StoreIdentity& identity, const TokenCodec& codec, TimeMs now);

  // --- Mutations; each writes its record (shard_state.cc) ---

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
  // Keeps the progress; writes a record at most once a quarter of the heartbeat timeout. False: no room left for it.
  bool NoteProgress(Sequence task, const OpenTask& open, std::string_view details, uint64_t bytes_max, TimeMs now);
  // Adds a timer for the task's next deadline, unless one that is early enough runs.
  void Arm(Sequence task, OpenTask& open);

  // --- Start (shard_replay.cc) ---

  // Takes over one record of the log. To be called in order, before anything else; replaying records whose effects a
  // checkpoint already has is harmless.
  absl::Status Replay(Sequence sequence, std::string_view bytes);
  // After the last Replay: every heartbeat interval begins anew, every deadline gets its timer.
  void FinishReplay(TimeMs now);

  // --- The small things that a checkpoint carries besides index and open set, and back (shard_rest.cc) ---

  std::string PackRest() const;
  Sequence hold_floor() const { return holds.empty() ? 0 : holds.back().sequence; }

  struct Rest {
    std::vector<Sequence> parked;  // their records are to be replayed first
  };
  // `covers` is that of the checkpoint.
  absl::StatusOr<Rest> LoadRest(std::string_view bytes, Sequence covers);
  // After blocks and rest are loaded: DATA_LOSS if they do not belong together. Forgets what came behind `covers`,
  // which replay brings back: after a crash in the middle of a checkpoint the blocks are its own and the rest is older,
  // and may not know the lanes of what was new.
  absl::Status FinishLoad(Sequence covers);

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
  ParkedOutcomes parked{namespaces};
  ProgressNotes progress;
  CancelReasons cancel_reasons;
  // Deadlines by task, and by parked outcome.
  TimerWheel deadlines;
  TimerWheel park_ends;
  // How far the log was looked through for tasks that still wait, and when: each waiting task below `sequence`, and its
  // progress, was a held copy by then. Oldest first.
  std::vector<storage::Mark> holds;
  // Of what is below this there may be held copies.
  Sequence release_floor = 0;
  // Held tasks that ended, and held progress that newer one took the place of, since the last checkpoint was packed.
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
  // The copy of `record`, if it is held, has no use any more once the log before `at` is dropped.
  void Release(Sequence record, Sequence at);

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
// What the open set keeps of an issued task.
OpenTask OpenTaskOf(uint32_t lane, const storage::IssuedEntry& entry);

}  // namespace tokenbroker::broker
