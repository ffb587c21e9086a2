// The outcomes that are owed to their targets, in memory: about 26 bytes each. Everything here follows from the log: an
// outcome's record with a target in it is the entry of the outbox, a delivery record takes it out.
//
//   Owe ──▶ waiting ──Take──▶ with the forwarder ──Settle──▶ gone
//             ▲                            │
//             │                            └─ Bury ──▶ dead letter ──Drop──▶ gone
//             └────────────── Revive ───────────────────┘
//
// Where a delivery stands between waiting and being tried is not on disk: after a restart all of them wait.
//
// Take is fair: namespaces take turns, and of each the oldest outcome comes first.
//
// Not thread-safe; under the same lock as the state.
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "absl/container/btree_set.h"
#include "absl/functional/function_ref.h"
#include "base/clock.h"
#include "server/broker/block_set.h"
#include "server/broker/lane_table.h"

namespace tokenbroker::broker {

// An outcome that its target has not accepted yet, or a dead letter. Checkpoints have these bytes as they are: another
// layout is another storage format (docs/storage-format.md).
struct OwedDelivery {
  static constexpr char kSetName[] = "the outbox";
  static constexpr int kSinceShift = 10;

  uint64_t task;
  uint64_t lane : 19;
  uint64_t since : 34;  // when it was owed, or given up, in units of 2^10 ms, good until the year 2527
  uint64_t dead : 1;    // a dead letter
  uint64_t may_have_arrived : 1;
  uint64_t unused : 9;

  TimeMs Since() const { return static_cast<TimeMs>(since) << kSinceShift; }
  void SetSince(TimeMs time) { since = static_cast<uint64_t>(time) >> kSinceShift; }
};
static_assert(sizeof(OwedDelivery) == 16);

class Outbox {
 public:
  struct Counts {
    uint64_t owed = 0;
    uint64_t dead = 0;
  };

  explicit Outbox(const LaneTable& lanes) : lanes_(lanes) {}

  // --- What follows from records; `outcome` is the place of the outcome's record ---

  void Owe(Sequence outcome, Sequence task, uint32_t lane, TimeMs now);
  // Delivered or dropped. False if nothing was owed.
  bool Settle(Sequence outcome);
  // Given up: a dead letter.
  bool Bury(Sequence outcome, bool may_have_arrived, TimeMs now);
  // A dead letter is owed again.
  bool Revive(Sequence outcome, TimeMs now);

  // --- The forwarder's ---

  // The next one for the target to try, 0 if none waits; nothing behind `committed`.
  Sequence Take(uint32_t target, Sequence committed);

  // --- Looks ---

  const OwedDelivery* Find(Sequence outcome) const { return deliveries_.Find(outcome); }
  // An orderly stop notes what may have arrived.
  void NoteMayHaveArrived(Sequence outcome);
  void VisitFrom(Sequence from, absl::FunctionRef<bool(Sequence, const OwedDelivery&)> visit) {
    deliveries_.VisitFrom(from, [&](Sequence outcome, OwedDelivery& delivery) { return visit(outcome, delivery); });
  }
  Counts CountsOf(uint32_t target) const { return target < targets_.size() ? targets_[target].counts : Counts(); }
  // Since when the first of those that wait is owed; INT64_MAX if none waits.
  TimeMs OldestWaiting(uint32_t target) const;
  size_t size() const { return deliveries_.size(); }

  // Whether anything began to wait since the last call.
  bool TakeGrown() { return std::exchange(grown_, false); }

  // --- Retention ---

  // Forgets dead letters given up before `time`, looking at most at `max` from `from` on; says in `oldest` which
  // records those that stay need, if that is older. Returns where to go on, 0 at the end.
  Sequence ForgetDeadBefore(TimeMs time, Sequence floor, Sequence from, size_t max, Sequence& oldest);

  // --- Checkpoint and start ---

  // The outbox's blocks stand among those of the open set, with the highest bit of their number set.
  static constexpr uint64_t kBlockBit = uint64_t{1} << 63;

  std::vector<uint64_t> TakeDirtyBlocks();
  void MarkBlockDirty(uint64_t number) { deliveries_.MarkBlockDirty(number & ~kBlockBit); }
  storage::OpenBlock Pack(uint64_t number) const;
  absl::Status Load(uint64_t number, std::string_view bytes) { return deliveries_.Load(number & ~kBlockBit, bytes); }
  // To be called before anything is replayed.
  void ForgetFrom(Sequence first) { deliveries_.EraseFrom(first); }
  // After the last record: whatever is owed waits. Unless the stop was orderly it may have been sent.
  void FinishReplay(bool orderly);

 private:
  struct Lane {
    absl::btree_set<Sequence> waiting;
    bool in_turn = false;
  };
  struct Target {
    // Lanes with something waiting, in the order of their turns; some may have become empty.
    std::deque<uint32_t> turns;
    Counts counts;
  };

  Lane& LaneOf(const OwedDelivery& delivery);
  Target& TargetOf(const OwedDelivery& delivery);
  void Wait(Sequence outcome, const OwedDelivery& delivery);
  void StopWaiting(Sequence outcome, const OwedDelivery& delivery);

  const LaneTable& lanes_;
  BlockSet<OwedDelivery> deliveries_;
  std::vector<Lane> queues_;
  std::vector<Target> targets_;
  bool grown_ = false;
};

}  // namespace tokenbroker::broker
