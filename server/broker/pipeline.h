// How operations become durable: queue, decide, write, sync, answer.
//
//   doors ──Submit──▶ queue ──▶ [look up names in the store] ──▶ decide (under the lock) ──▶ append + sync ──▶ answer
//
// One thread, the committer, does all of this for a shard, for everything that has arrived meanwhile at once: under
// load the groups grow by themselves while the one before is synced, and no call waits for others to come
// (docs/adr/0029). What the rules leave to the store's records, or to a contract, goes to an executor and, where it
// must be decided again, back into the queue. Heartbeats and looks at waiting tasks change nothing on disk; TryNow
// answers them on the caller's thread.
//
// A failed append ends it: nothing is acknowledged any more, and `on_failure` is told, whose duty is to end the
// process. What is on disk is known only after a new start.
//
// Thread safety: Submit, TryNow, CancelAwait and EndAwaits from any thread. RunOnce from one thread at a time.
#pragma once

#include <atomic>
#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "base/clock.h"
#include "base/executor.h"
#include "server/broker/checkpointer.h"
#include "server/broker/judge.h"
#include "server/broker/limits.h"
#include "server/broker/names_wanted.h"
#include "server/broker/observer.h"
#include "server/broker/operation.h"
#include "server/broker/operation_queue.h"
#include "server/broker/rules.h"
#include "server/broker/shard_state.h"
#include "server/broker/turns.h"
#include "server/broker/waits.h"
#include "storage/token_store.h"

namespace tokenbroker::broker {

class Pipeline {
 public:
  struct Parts {
    storage::TokenStore& store;
    const Clock& clock;
    Executor& executor;
    // Whatever contracts make of it, it holds up nothing else.
    Executor& checks;
    Observer& observer;
    const Limits& limits;
    ShardState& state;
    std::mutex& mutex;  // guards `state`
    Checkpointer& checkpointer;
    std::function<void(absl::Status)> on_failure;
    // Told after each commit with the newest durable sequence number; must not block.
    std::function<void(Sequence)> on_commit;
    // Told after each commit behind which something new waits in the outbox; must not block.
    std::function<void()> on_owed;
    // Told, on any thread, when there is news of beats; must not block.
    std::function<void()> on_beat_news;
  };

  Pipeline(Parts parts, Sequence committed);

  // Takes the operations over. Each is answered exactly once; OVERLOADED at once if there is no room in the queue for
  // so many of them, or for what they carry.
  void Submit(absl::Span<Operation* const> operations);

  // Answers the operation on this thread if it changes nothing on disk and rests on nothing that is not durable yet;
  // heartbeats and their progress alone are told of from memory. True if it was answered (or waits, for an await);
  // false if it has to be submitted.
  bool TryNow(Operation& operation);

  // Hands a waiting await back to its door, unanswered. False if it does not wait: then it is answered soon, if it is
  // not yet. One that is still queued will not begin to wait, but be answered as if its limit had passed.
  bool CancelAwait(AwaitOperation& operation);
  // Answers every wait with DRAINING, from now on as well, and every outcome that would still have to be held against a
  // contract.
  void EndAwaits();

  // For whoever watches the disk: new tasks are refused while it is full.
  void SetDiskFull(bool full);

  // One round of all steps. True if there was anything to do.
  bool RunOnce();
  // Rounds until Stop; sleeps while there is nothing to do.
  void Run();
  void Stop();

  // When the next deadline or wait ends; INT64_MAX if none.
  TimeMs NextDue();
  // For how long Run would sleep now. From then on, until the next round, what is due before that ends the sleep.
  DurationMs Idle();
  Sequence committed() const { return committed_.load(); }
  size_t awaits() const {
    std::lock_guard<std::mutex> lock(parts_.mutex);
    return waits_.size();
  }
  size_t queued() const { return queued_operations_.load(std::memory_order_relaxed); }
  // The payload of what is queued.
  size_t queued_bytes() const { return queued_bytes_.load(std::memory_order_relaxed); }

 private:
  using Operations = OperationQueue::Operations;

  // With the lock: answers an await that was about to wait.
  void RefuseToWait(Operation& operation);
  // With the lock: whether the committer would sleep beyond `due`, and so has to be woken.
  bool EndsSleep(TimeMs due);
  // With the lock.
  TimeMs DueNext() const;
  void LookUpNames(const Operations& operations);
  void DecideAll(Operations& operations);
  void FindOutcomes(const Operations& operations);
  bool Commit();
  void WakeWaits();
  void AnswerAll(const Operations& operations);
  void Dispatch(Operation* operation);
  // Runs the job for the operation on the executor.
  void Aside(const Operation& operation, std::function<void()> job);
  // Runs a check for it: namespace by namespace, since a check may take tenths of a second, and one caller may send
  // thousands.
  void Check(const Operation& operation, std::function<void()> job);
  // Until it has run, the job counts as queued: so whoever repeats what ended long ago, which has to be read, is
  // bounded like everybody.
  std::function<void()> Counted(const Operation& operation, std::function<void()> job);
  void CheckContract(ResolveOperation& operation);
  // An operation begins, or so many end, to be counted as queued.
  size_t CountIn(const Operation& operation);
  void CountOut(size_t operations, size_t bytes);
  // On the executor: holds the callback parked at `parked_at` against the request's contract.
  void CheckParked(IssueOperation& operation);
  void Answer(Operation* operation);
  void DecideAgain(Operation* operation);
  void Fail(absl::Status status);

  Parts parts_;
  Judge judge_;
  Waits waits_;                // guarded by parts_.mutex
  Rules rules_;                // guarded by parts_.mutex
  bool awaits_ended_ = false;  // guarded by parts_.mutex
  TimeMs sleeps_until_ = 0;    // guarded by parts_.mutex; 0: awake, or about to be

  Turns checks_;
  OperationQueue queue_;
  // What is in `queue_`, on its way into it, or on the executor.
  std::atomic<size_t> queued_operations_{0};
  std::atomic<size_t> queued_bytes_{0};

  std::atomic<Sequence> committed_;
  std::atomic<bool> failed_{false};
  std::atomic<bool> ends_{false};

  // The committer's own.
  Operations round_;
  NamesWanted names_;
  RecordBatch in_flight_;
  std::vector<std::pair<Sequence, Sequence>> ended_;
  std::vector<AwaitOperation*> woken_;
  bool more_due_ = false;
  bool owes_more_ = false;
  bool beat_news_ = false;
};

}  // namespace tokenbroker::broker
