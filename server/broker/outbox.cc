#include "server/broker/outbox.h"

#include <algorithm>

namespace tokenbroker::broker {

Outbox::Lane& Outbox::LaneOf(const OwedDelivery& delivery) {
  if (delivery.lane >= queues_.size()) queues_.resize(delivery.lane + 1);
  return queues_[delivery.lane];
}

Outbox::Target& Outbox::TargetOf(const OwedDelivery& delivery) {
  const uint32_t target = lanes_[delivery.lane].target;
  if (target >= targets_.size()) targets_.resize(target + 1);
  return targets_[target];
}

void Outbox::Wait(Sequence outcome, const OwedDelivery& delivery) {
  Lane& lane = LaneOf(delivery);
  lane.waiting.insert(outcome);
  grown_ = true;
  if (lane.in_turn) return;
  lane.in_turn = true;
  TargetOf(delivery).turns.push_back(delivery.lane);
}

void Outbox::StopWaiting(Sequence outcome, const OwedDelivery& delivery) { LaneOf(delivery).waiting.erase(outcome); }

// --- What follows from records ---

void Outbox::Owe(Sequence outcome, Sequence task, uint32_t lane, TimeMs now) {
  Settle(outcome);  // replaying what a checkpoint has already
  OwedDelivery delivery{};
  delivery.task = task;
  delivery.lane = lane;
  delivery.SetSince(now);
  ++TargetOf(delivery).counts.owed;
  Wait(outcome, *deliveries_.Insert(outcome, delivery));
}

bool Outbox::Settle(Sequence outcome) {
  const OwedDelivery* found = deliveries_.Find(outcome);
  if (found == nullptr) return false;
  Counts& counts = TargetOf(*found).counts;
  --(found->dead ? counts.dead : counts.owed);
  StopWaiting(outcome, *found);
  return deliveries_.Erase(outcome);
}

bool Outbox::Bury(Sequence outcome, bool may_have_arrived, TimeMs now) {
  OwedDelivery* found = deliveries_.Find(outcome);
  if (found == nullptr || found->dead) return false;
  Counts& counts = TargetOf(*found).counts;
  --counts.owed;
  ++counts.dead;
  StopWaiting(outcome, *found);
  found->dead = 1;
  found->may_have_arrived = may_have_arrived;
  found->SetSince(now);
  deliveries_.MarkDirty(outcome);
  return true;
}

bool Outbox::Revive(Sequence outcome, TimeMs now) {
  OwedDelivery* found = deliveries_.Find(outcome);
  if (found == nullptr || !found->dead) return false;
  Counts& counts = TargetOf(*found).counts;
  --counts.dead;
  ++counts.owed;
  found->dead = 0;
  found->SetSince(now);
  deliveries_.MarkDirty(outcome);
  Wait(outcome, *found);
  return true;
}

// --- The forwarder's ---

Sequence Outbox::Take(uint32_t target, Sequence committed) {
  if (target >= targets_.size()) return 0;
  std::deque<uint32_t>& turns = targets_[target].turns;
  for (size_t left = turns.size(); left > 0; --left) {
    const uint32_t number = turns.front();
    turns.pop_front();
    Lane& lane = queues_[number];
    const Sequence first = lane.waiting.empty() ? 0 : *lane.waiting.begin();
    const bool ready = first != 0 && first <= committed;
    if (ready) lane.waiting.erase(lane.waiting.begin());
    lane.in_turn = !lane.waiting.empty();
    if (lane.in_turn) turns.push_back(number);
    if (ready) return first;
  }
  return 0;
}

void Outbox::NoteMayHaveArrived(Sequence outcome) {
  OwedDelivery* found = deliveries_.Find(outcome);
  if (found == nullptr) return;
  found->may_have_arrived = 1;
  deliveries_.MarkDirty(outcome);
}

TimeMs Outbox::OldestWaiting(uint32_t target) const {
  TimeMs oldest = INT64_MAX;
  if (target >= targets_.size()) return oldest;
  for (uint32_t lane : targets_[target].turns) {
    const absl::btree_set<Sequence>& waiting = queues_[lane].waiting;
    if (!waiting.empty()) oldest = std::min(oldest, deliveries_.Find(*waiting.begin())->Since());
  }
  return oldest;
}

// --- Retention ---

Sequence Outbox::ForgetDeadBefore(TimeMs time, Sequence floor, Sequence from, size_t max, Sequence& oldest) {
  std::vector<Sequence> gone;
  Sequence next = 0;
  size_t seen = 0;
  deliveries_.VisitFrom(from, [&](Sequence outcome, const OwedDelivery& delivery) {
    if (seen++ == max) {
      next = outcome;
      return false;
    }
    if (delivery.dead && delivery.Since() < time) {
      gone.push_back(outcome);
    } else {
      // A task below the floor has a held copy.
      oldest = std::min({oldest, outcome, delivery.task >= floor ? delivery.task : outcome});
    }
    return true;
  });
  for (Sequence outcome : gone) Settle(outcome);
  return next;
}

// --- Checkpoint and start ---

std::vector<uint64_t> Outbox::TakeDirtyBlocks() {
  std::vector<uint64_t> blocks = deliveries_.TakeDirtyBlocks();
  for (uint64_t& number : blocks) number |= kBlockBit;
  return blocks;
}

storage::OpenBlock Outbox::Pack(uint64_t number) const {
  storage::OpenBlock block = deliveries_.Pack(number & ~kBlockBit);
  block.number = number;
  return block;
}

void Outbox::FinishReplay(bool orderly) {
  for (Target& target : targets_) target = Target();
  for (Lane& lane : queues_) lane = Lane();
  deliveries_.VisitFrom(0, [&](Sequence outcome, OwedDelivery& delivery) {
    Counts& counts = TargetOf(delivery).counts;
    ++(delivery.dead ? counts.dead : counts.owed);
    if (delivery.dead) return true;
    if (!orderly && !delivery.may_have_arrived) {
      delivery.may_have_arrived = 1;
      deliveries_.MarkDirty(outcome);
    }
    Wait(outcome, delivery);
    return true;
  });
}

}  // namespace tokenbroker::broker
