// What becomes of each operation: the state machine and the verdict table.
//
//   state of the task     same outcome      other outcome     heartbeat           cancel      extend
//   waiting               ACCEPTED          ACCEPTED          beats               cancelled   moved
//   succeeded, failed     REPLAYED          CONFLICT          ALREADY_RESOLVED    refused     refused
//   expired               EXPIRED           EXPIRED           EXPIRED             refused     refused
//   cancelled             CANCELLED         CANCELLED         CANCELLED           OK          refused
//   superseded            SUPERSEDED        SUPERSEDED        SUPERSEDED          refused     refused
//   parked (no task yet)  PARKED            CONFLICT          UNKNOWN             UNKNOWN     UNKNOWN
//   not known             UNKNOWN, or PARKED if named by key  UNKNOWN             UNKNOWN     UNKNOWN
//
// A waiting task whose cancellation was requested is not extended: it ends with the grace time.
//
// A deadline that has passed counts as soon as anybody looks, whether its timer has gone off or not.
//
// A limited token that does not allow the call is refused before anything is looked at, whoever presents it.
//
// Decide touches memory only. What needs the store (an outcome to compare with, a contract) is left to the pipeline: it
// sets Operation::next and is called again, or finishes the operation itself (judge.h).
//
// Not thread-safe; under the same lock as the state.
#pragma once

#include <vector>

#include "server/broker/limits.h"
#include "server/broker/observer.h"
#include "server/broker/operation.h"
#include "server/broker/shard_state.h"
#include "server/broker/tally.h"
#include "server/broker/waits.h"

namespace tokenbroker::broker {

class Rules {
 public:
  Rules(ShardState& state, Waits& waits, const Limits& limits, Observer& observer)
      : state_(state), waits_(waits), limits_(limits), observer_(observer) {}

  // Begins to load into the cache what Decide will need: worth it for groups, whose operations then wait for memory
  // together.
  void Prefetch(const Operation& operation) const;
  // Some operations later: what Prefetch led to.
  void PrefetchEntry(const Operation& operation) const;

  // Decides one operation. `now` must not be smaller than in earlier calls.
  void Decide(Operation& operation, TimeMs now);

  // Decides operations that change nothing on disk without waiting for a commit. False if this one has to go the long
  // way. `committed`: what is durable; an answer must not rest on anything newer.
  bool DecideNow(Operation& operation, Sequence committed, TimeMs now);

  // Ends what is overdue, oldest first; at most so many that a commit stays small. True if more is due.
  bool ServeDeadlines(TimeMs now);

  // Tells the observer how many tasks were issued, resolved and heard from since the last time.
  void Report() { tally_.TellTo(observer_); }

  // Set by whoever watches the disk: new tasks are refused, everything else goes on.
  void set_disk_full(bool full) { disk_full_ = full; }

 private:
  void Decide(IssueOperation& operation, TimeMs now);
  void Decide(ResolveOperation& operation, TimeMs now);
  void Decide(HeartbeatOperation& operation, TimeMs now);
  void Decide(CancelOperation& operation, TimeMs now);
  void Decide(ExtendOperation& operation, TimeMs now);
  void Decide(LocateOperation& operation, TimeMs now);
  void Decide(AwaitOperation& operation, TimeMs now);
  void Decide(DeliveryOperation& operation, TimeMs now);
  void DecideDelivery(AwaitOperation& operation, TimeMs now);
  // Begins to wait for `sequence`, unless too many wait already, or the caller only looks: its limit is 0.
  void Wait(AwaitOperation& operation, Sequence sequence, TimeMs now);

  // --- Issue: rules_issue.cc ---
  // Whether its request id is known: then it is compared with what was issued for that.
  bool IsRepeated(IssueOperation& operation, TimeMs now);
  // The task, waiting or not, or the parked outcome that has the correlation key; 0 if there is none.
  Sequence HolderOfKey(const IssueOperation& operation, TimeMs now);
  Refusal RefuseNamespace() const;
  // The namespace by its number, kNone if it is a new one.
  Refusal RefuseIssue(const IssueRequest& request, uint32_t name_space) const;
  Refusal RefuseOneMoreTask(const IssueRequest& request, uint32_t name_space) const;
  // The open task that holds the correlation key, 0 if none; sets the refusal if it may not be superseded.
  Sequence Superseded(IssueOperation& operation, Sequence holder) const;
  Refusal RefuseUpstreamInUse(const IssueOperation& operation, Sequence superseded, TimeMs now);
  void Accept(IssueOperation& operation, uint32_t name_space, Sequence superseded, TimeMs now);
  void ApplyParked(IssueOperation& operation, Sequence parked_at, TimeMs now);

  // --- Resolve: rules_resolve.cc ---
  void DecideOpen(ResolveOperation& operation, Sequence task, OpenTask& open, TimeMs now);
  void DecideWithoutTask(ResolveOperation& operation, TimeMs now);
  Refusal RefuseParking(const ResolveOperation& operation) const;
  void CompareWithParked(ResolveOperation& operation, const ParkedOutcome& parked);

  // --- Look ---
  // Finds the task and where it stands. It, if it waits; nullptr if it does not, or the operation is refused.
  OpenTask* Look(LookOperation& operation, TimeMs now);

  // The task that the address names, 0 if none is known.
  Sequence TaskOf(const TaskAddress& address, const Operation& operation) const;
  // The waiting task, or nullptr if it does not wait (any more): then `operation` is already on its way to the right
  // refusal.
  OpenTask* WaitingTask(TaskOperation& operation, Right right, TimeMs now);
  bool May(const Operation& operation, const TaskAddress& address, Right right, const OpenTask& open) const;
  // Ends the task if its deadline has passed. True if it did.
  bool ExpireIfDue(Sequence task, OpenTask& open, TimeMs now);
  void Expire(Sequence task, const OpenTask& open, TimeMs now);
  // The callback that is parked there; nullptr if there is none, or its time is over: then it is forgotten.
  const ParkedOutcome* ParkedAt(Sequence at, TimeMs now);
  void LookForOutcome(Operation& operation, Sequence task, Sequence& outcome_at) const;

  ShardState& state_;
  Waits& waits_;
  const Limits& limits_;
  Observer& observer_;
  Tally tally_;
  bool disk_full_ = false;
  std::vector<TimerWheel::Timer> due_;
};

}  // namespace tokenbroker::broker
