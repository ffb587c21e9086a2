#include "server/http/deadlines.h"

namespace tokenbroker::http {
namespace {

TimeMs RoundedUp(TimeMs due) {
  if (due > Deadlines::kNever - Deadlines::kCoarseness) return due;
  return (due + Deadlines::kCoarseness - 1) / Deadlines::kCoarseness * Deadlines::kCoarseness;
}

}  // namespace

void Deadlines::Register(Entry& entry, void* owner) {
  if (free_.empty()) {
    free_.push_back(static_cast<uint32_t>(slots_.size()));
    slots_.emplace_back();
  }
  entry.index_ = free_.back();
  entry.owner_ = owner;
  free_.pop_back();
  slots_[entry.index_].entry = &entry;
}

void Deadlines::Remove(Entry& entry) {
  if (entry.owner_ == nullptr) return;
  Slot& slot = slots_[entry.index_];
  slot.entry = nullptr;
  ++slot.generation;
  free_.push_back(entry.index_);
  entry = Entry();
}

// A deadline that moves away, as most do, is looked at again when its old time comes; only one that comes nearer needs
// another timer.
void Deadlines::Set(Entry& entry, TimeMs due) {
  entry.due_ = due;
  if (due < entry.armed_) Arm(entry);
}

void Deadlines::Arm(Entry& entry) {
  entry.armed_ = RoundedUp(entry.due_);
  wheel_.Add(entry.armed_, uint64_t{slots_[entry.index_].generation} << 32 | entry.index_);
}

Deadlines::Entry* Deadlines::Look(const TimerWheel::Timer& timer, TimeMs now) {
  const Slot& slot = slots_[static_cast<uint32_t>(timer.id)];
  if (slot.entry == nullptr || slot.generation != timer.id >> 32) return nullptr;
  Entry& entry = *slot.entry;
  if (entry.armed_ != timer.due) return nullptr;
  entry.armed_ = kNever;
  if (entry.due_ > now) {
    if (entry.due_ != kNever) Arm(entry);
    return nullptr;
  }
  entry.due_ = kNever;
  return &entry;
}

}  // namespace tokenbroker::http
