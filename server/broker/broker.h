// The broker, as doors see it: tasks in, verdicts out.
//
// A door's call reads: validate, fill in an operation, hand it over, answer when told. Doors hold no state about tasks;
// the broker knows nothing of protocols.
//
//   addresses    AddressOfToken / AddressOfId / AddressOfKey: pure, no storage touched; a forged token ends here
//   changes      Submit: answered after the change is on disk, synced
//   heartbeats,  TryNow first: answered on the spot if possible; else Submit
//   looks, waits
//   reading      Load, List, Changes: block on the disk; to be run by TryRead, or on executor()
//
// Thread-safe, but for Open, what must be called before Start, and what stands under "Life".
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "base/executor.h"
#include "server/broker/beat_feed.h"
#include "server/broker/catalog.h"
#include "server/broker/checkpointer.h"
#include "server/broker/limits.h"
#include "server/broker/observer.h"
#include "server/broker/operation.h"
#include "server/broker/pipeline.h"
#include "server/broker/shard_state.h"
#include "server/broker/token_codec.h"
#include "storage/token_store.h"

namespace tokenbroker::broker {

// The public name of a task: shard and sequence number, 18 hexadecimal digits.
std::string FormatTaskId(storage::ShardId shard, Sequence task);
// Into `text`, whose memory is used again.
void FormatTaskId(storage::ShardId shard, Sequence task, std::string& text);
// False if the text is not a task id.
bool ParseTaskId(std::string_view text, storage::ShardId& shard, Sequence& task);

class Broker {
 public:
  struct Options {
    Limits limits;
    RetentionPolicy retention;
    CheckpointPolicy checkpoint;
  };
  // All must outlive the broker.
  struct Parts {
    storage::TokenStore& store;
    const TokenCodec& codec;
    const Clock& clock;
    Executor& executor;    // reads
    Executor& checks;      // outcomes against contracts, which may take tenths of a second each
    Executor& background;  // checkpoints: one job at a time
    Observer& observer;
    // A write failed: the process must end (see pipeline.h).
    std::function<void(absl::Status)> on_failure;
  };

  // Loads the shard: the last checkpoint and the log behind it. DATA_LOSS if either is damaged.
  static absl::StatusOr<std::unique_ptr<Broker>> Open(Options options, Parts parts);
  ~Broker();

  // --- Addresses ---

  // `token` may be ours or an upstream token. The views must live as long as the address.
  TaskAddress AddressOfToken(std::string_view token) const;
  TaskAddress AddressOfId(std::string_view task_id) const;
  TaskAddress AddressOfKey(std::string_view name_space, std::string_view key) const;

  // The token of a task that was just issued.
  std::string TokenOf(Sequence task) const { return parts_.codec.Seal({kShard, task, 0}); }
  std::string IdOf(Sequence task) const { return FormatTaskId(kShard, task); }
  // The same into `text`, whose memory is used again.
  void WriteToken(Sequence task, std::string& text) const { parts_.codec.Seal({kShard, task, 0}, text); }
  void WriteId(Sequence task, std::string& text) const { FormatTaskId(kShard, task, text); }

  // --- Calls ---

  // Computes the index keys of an issue; to be called before Submit, on the door's thread.
  void Prepare(IssueOperation& operation) const;

  void Submit(absl::Span<Operation* const> operations) { pipeline_->Submit(operations); }
  void Submit(Operation& operation) {
    Operation* const one = &operation;
    pipeline_->Submit({&one, 1});
  }
  bool TryNow(Operation& operation) { return pipeline_->TryNow(operation); }
  // TryNow, else Submit.
  void Ask(Operation& operation) {
    if (!TryNow(operation)) Submit(operation);
  }
  bool CancelAwait(AwaitOperation& operation) { return pipeline_->CancelAwait(operation); }

  // --- Reading ---

  // Runs a call's read on the executor. False if limits().queue_reads of them wait there already: it is not run. What
  // a call still has to do when it has changed something, or has waited for long, is not refused: it goes to executor()
  // itself.
  bool TryRead(std::function<void()> read);

  absl::StatusOr<TaskRecordPtr> Load(const Located& located) const { return catalog_->Load(located); }
  absl::StatusOr<Candidates> TaskCandidates(const TaskFilter& filter, Sequence from) const {
    return catalog_->TaskCandidates(filter, from);
  }
  absl::StatusOr<std::vector<TaskRecordPtr>> List(std::string_view name_space, const TaskFilter& filter,
                                                  Candidates& candidates, size_t size) const {
    return catalog_->List(name_space, filter, candidates, size, parts_.clock.Now());
  }
  absl::StatusOr<ChangePage> Changes(std::string_view name_space, const TaskFilter& filter, Sequence after,
                                     size_t size) const {
    return catalog_->Changes(name_space, filter, after, committed(), size, parts_.clock.Now());
  }
  // Calls `wake` once, soon after something behind `after` is durable; at once if it is already. May be called on any
  // thread; must not block.
  void OnceBeyond(Sequence after, std::function<void()> wake);

  // --- Deliveries: for the forwarder ---

  struct Owed {
    Sequence outcome = 0;
    // When it was owed, or redriven.
    TimeMs since = 0;
    bool may_have_arrived = false;
  };
  // At most `max` outcomes that the target is to be told next: the oldest of each namespace in turn. They are the
  // caller's until they are settled by a DeliveryOperation.
  std::vector<Owed> TakeOwed(std::string_view target, size_t max);
  // How many are owed, to all targets, those under way included.
  uint64_t owed() const;
  // Before an orderly stop: these may have arrived, all others that are owed have not.
  void NoteMayHaveArrived(absl::Span<const Sequence> outcomes);
  // `wake` is called after each commit behind which more is owed; on the committer's thread, must not block. To be set
  // before Start.
  void OnOwed(std::function<void()> wake) { on_owed_ = std::move(wake); }
  // The upstream token that was registered with the task; empty if none was.
  absl::StatusOr<std::string> UpstreamTokenOf(const TaskRecord& record) const;

  // --- Heartbeats: for the beater ---

  // From now on there is news of tasks with an upstream token for one of these targets; first, that those which wait
  // already have begun. `wake` is called once for the first news after a TakeBeatNews; on any thread, must not block.
  // To be called before Start.
  void FollowBeats(const std::vector<std::string>& targets, std::function<void()> wake);
  std::vector<BeatNews> TakeBeatNews();
  // The next heartbeat of each is news.
  void AwaitBeats(absl::Span<const Sequence> tasks);
  // Reads the store.
  absl::StatusOr<std::string> UpstreamTokenOf(Sequence task) const;

  // --- Deliveries: for everybody; these read the store ---

  absl::StatusOr<TaskRecordPtr> LoadOutcomeAt(Sequence outcome) const { return catalog_->LoadOutcomeAt(outcome); }
  absl::StatusOr<Candidates> DeliveryCandidates(const DeliveryFilter& filter, Sequence from) const {
    return catalog_->DeliveryCandidates(filter, from);
  }
  absl::StatusOr<std::vector<TaskRecordPtr>> Deliveries(const DeliveryFilter& filter, Candidates& candidates,
                                                        size_t size) const {
    return catalog_->Deliveries(filter, candidates, size);
  }
  OwedPage OwedOutcomes(const DeliveryFilter& filter, Sequence from, size_t size) const {
    return catalog_->Owed(filter, from, size);
  }
  struct TargetStatus {
    std::string target;
    uint64_t owed = 0;
    uint64_t dead = 0;
    // Since when the oldest that is not being tried is owed; INT64_MAX: none.
    TimeMs oldest_waiting = INT64_MAX;
  };
  // Of every target that a task was ever issued for.
  std::vector<TargetStatus> TargetStatuses() const;

  // The newest durable change.
  Sequence committed() const { return pipeline_->committed(); }

  struct Status {
    uint64_t open_tasks = 0;
    TimeMs oldest_open = 0;  // issue time; 0: none
    uint64_t parked = 0;
    uint64_t awaits = 0;
    uint64_t queued = 0;
    uint64_t queued_bytes = 0;
    uint64_t queued_reads = 0;
    Sequence last_sequence = 0;
    uint16_t epoch = 0;
    TimeMs last_checkpoint = 0;
  };
  // Reads one record.
  Status GetStatus() const;

  // --- Care ---

  absl::Status Backup(const std::string& path) { return parts_.store.Backup(path); }
  void SetDiskFull(bool full) { pipeline_->SetDiskFull(full); }
  // Ends every wait and watch with DRAINING; what is queued is still written.
  void BeginDrain();
  bool draining() const { return draining_.load(); }

  // --- Life: by one thread ---

  // Runs the committer on its own thread until StopCommitter.
  void Start();
  // One round, for those who do not Start.
  bool RunOnce() { return pipeline_->RunOnce(); }
  TimeMs NextDue() { return pipeline_->NextDue(); }
  // For how long the committer would sleep now (see Pipeline::Idle).
  DurationMs Idle() { return pipeline_->Idle(); }
  // What is queued is written first. Nothing may be submitted any more.
  void StopCommitter();
  // After that, when the background executor has run its jobs.
  absl::Status TakeLastCheckpoint();

  Executor& executor() const { return parts_.executor; }
  const Clock& clock() const { return parts_.clock; }
  const Limits& limits() const { return options_.limits; }

 private:
  static constexpr storage::ShardId kShard = 0;

  Broker(Options options, Parts parts);
  absl::Status Recover();
  void Committed(Sequence sequence);

  const Options options_;
  const Parts parts_;
  mutable std::mutex mutex_;
  ShardState state_;  // guarded by mutex_
  TimeMs last_checkpoint_ = 0;
  std::unique_ptr<Catalog> catalog_;
  std::unique_ptr<Checkpointer> checkpointer_;
  std::unique_ptr<Pipeline> pipeline_;
  std::thread committer_;
  std::atomic<bool> draining_{false};
  std::atomic<uint64_t> queued_reads_{0};
  // The last stop was orderly, and something is owed.
  bool was_orderly_ = false;
  bool stopped_ = false;
  std::function<void()> on_owed_;
  std::function<void()> on_beat_news_;

  std::mutex watch_mutex_;
  std::vector<std::pair<Sequence, std::function<void()>>> watchers_;  // guarded by watch_mutex_
  std::atomic<bool> watched_{false};
};

}  // namespace tokenbroker::broker
