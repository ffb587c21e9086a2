// Takes checkpoints while the shard works on, and lets go of what need not be kept any more.
//
// A checkpoint begins when enough index entries are only in memory, or enough time has passed. From then on the
// committer packs a few blocks of the open set after each round, so that no call waits for long; a background job then
// writes it all. What a block holds may be newer than the log position that the checkpoint covers. That is harmless:
// replaying the log from there sets the same things again.
//
// Retention runs behind each checkpoint, with the positions of older checkpoints as its ruler. A stretch of log that is
// older than `hold_after` is looked through for tasks that still wait; their records, and those of their progress, are
// copied ("held"). A stretch that was looked through at least `resolved` ago is dropped whole: whatever was issued in
// it is held, or ended at least `resolved` ago.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <vector>

#include "base/clock.h"
#include "base/executor.h"
#include "server/broker/limits.h"
#include "server/broker/observer.h"
#include "server/broker/shard_state.h"
#include "storage/token_store.h"

namespace tokenbroker::broker {

class Checkpointer {
 public:
  struct Parts {
    storage::TokenStore& store;
    const Clock& clock;
    Executor& background;
    Observer& observer;
    ShardState& state;
    std::mutex& mutex;  // guards `state`
    CheckpointPolicy policy;
    RetentionPolicy retention;
  };

  Checkpointer(Parts parts, TimeMs last_checkpoint);

  // The committer's part; to be called after each commit. True if there is more to do right away.
  bool Step(Sequence committed);

  // A checkpoint of everything, now, on this thread. The committer must have stopped. `orderly`: nothing will be sent
  // to any target any more.
  absl::Status Finish(Sequence committed, bool orderly);

  TimeMs last_time() const { return last_time_.load(); }

 private:
  enum class Phase { kIdle, kPacking, kWriting };

  struct Draft {
    storage::Checkpoint checkpoint;
    std::shared_ptr<const IndexDelta::Entries> index;
    std::vector<uint64_t> blocks;  // of the open set, then of the outbox
    size_t packed = 0;
  };

  bool Due(Sequence committed);
  void Begin(Sequence committed);
  void Pack(size_t blocks_max);
  // With the lock.
  void PackRest();
  void HandOver();
  absl::Status WriteNow(bool orderly);
  // On the background's thread.
  absl::Status Write();
  void Retain();
  void HoldUpTo(Sequence target);
  // Records between, and how a copy of one is made: what is to be held of tasks that wait.
  using Find = std::vector<Sequence> (Checkpointer::*)(Sequence from, Sequence to, size_t max);
  using Copy = absl::Status (Checkpointer::*)(Sequence record, std::vector<storage::HeldCopy>& out);
  absl::Status HoldEach(Sequence from, Sequence to, Find find, Copy copy);
  std::vector<Sequence> WaitingBetween(Sequence from, Sequence to, size_t max);
  std::vector<Sequence> ProgressBetween(Sequence from, Sequence to, size_t max);
  absl::Status CopyTask(Sequence task, std::vector<storage::HeldCopy>& out);
  absl::Status CopyProgress(Sequence record, std::vector<storage::HeldCopy>& out);
  void NoteHold(Sequence target);
  void DropUpTo(Sequence target);
  // Forgets dead letters that were kept long enough. The answer is the first record that a delivery still needs.
  Sequence FirstOwed(Sequence floor);
  // Back on the committer's.
  void End();
  // In the background, which must still run.
  void DropDraft();

  Parts parts_;
  Phase phase_ = Phase::kIdle;
  Draft draft_;
  Sequence covered_ = 0;
  std::atomic<TimeMs> last_time_;
  TimeMs last_try_;
  std::atomic<bool> written_{false};
  absl::Status result_;  // of Write; set before written_
};

}  // namespace tokenbroker::broker
