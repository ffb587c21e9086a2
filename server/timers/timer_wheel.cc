#include "server/timers/timer_wheel.h"

#include <algorithm>
#include <bit>
#include <limits>

namespace tokenbroker {
namespace {

constexpr TimeMs kNever = std::numeric_limits<TimeMs>::max();
constexpr size_t kSpareBlocks = 64;

bool Later(const TimerWheel::Timer& a, const TimerWheel::Timer& b) {
  return a.due != b.due ? a.due > b.due : a.id > b.id;
}

}  // namespace

TimerWheel::TimerWheel(TimeMs start) : now_(start) {}

void TimerWheel::Add(TimeMs due, uint64_t id) {
  ++size_;
  Place({due, id});
}

// A timer lives on the level whose slot it shares with nothing that is due in another turn of that level: the level of
// the highest bit in which `due` and `now_` differ.
void TimerWheel::Place(const Timer& timer) {
  if (timer.due <= now_) {
    ready_.push_back(timer);
    std::push_heap(ready_.begin(), ready_.end(), Later);
    return;
  }
  const uint64_t differing = static_cast<uint64_t>(timer.due) ^ static_cast<uint64_t>(now_);
  const int level = (63 - std::countl_zero(differing)) / kBits;
  if (level >= kLevels) return Push(overflow_, timer);
  const int index = static_cast<int>((timer.due >> (level * kBits)) & (kSlots - 1));
  Push(levels_[level].slots[index], timer);
  levels_[level].occupied |= uint64_t{1} << index;
}

void TimerWheel::Push(Slot& slot, const Timer& timer) {
  if (slot == nullptr || slot->used == slot->timers.size()) {
    std::unique_ptr<Block> block = NewBlock();
    block->next = std::move(slot);
    slot = std::move(block);
  }
  slot->timers[slot->used++] = timer;
}

std::unique_ptr<TimerWheel::Block> TimerWheel::NewBlock() {
  if (spare_.empty()) return std::unique_ptr<Block>(new Block);
  std::unique_ptr<Block> block = std::move(spare_.back());
  spare_.pop_back();
  return block;
}

void TimerWheel::Recycle(std::unique_ptr<Block> block) {
  if (spare_.size() >= kSpareBlocks) return;
  block->used = 0;
  spare_.push_back(std::move(block));
}

void TimerWheel::Cascade(Slot slot) {
  while (slot != nullptr) {
    Slot next = std::move(slot->next);
    for (uint32_t i = 0; i < slot->used; ++i) Place(slot->timers[i]);
    Recycle(std::move(slot));
    slot = std::move(next);
  }
}

void TimerWheel::CascadeOverflow() { Cascade(std::move(overflow_)); }

TimeMs TimerWheel::NextTick() const {
  for (int level = 0; level < kLevels; ++level) {
    if (levels_[level].occupied == 0) continue;
    // Occupied slots of a level always lie ahead of now_'s own slot within the same turn.
    const int shift = level * kBits;
    const TimeMs turn = (now_ >> (shift + kBits)) << (shift + kBits);
    return turn + (static_cast<TimeMs>(std::countr_zero(levels_[level].occupied)) << shift);
  }
  if (overflow_ == nullptr) return kNever;
  constexpr int kTop = kLevels * kBits;
  return ((now_ >> kTop) + 1) << kTop;
}

void TimerWheel::MoveTo(TimeMs tick) {
  const TimeMs before = now_;
  now_ = tick;
  if ((before >> (kLevels * kBits)) != (tick >> (kLevels * kBits))) CascadeOverflow();
  for (int level = kLevels - 1; level >= 0; --level) {
    const int index = static_cast<int>((tick >> (level * kBits)) & (kSlots - 1));
    const uint64_t bit = uint64_t{1} << index;
    if ((levels_[level].occupied & bit) == 0) continue;
    levels_[level].occupied &= ~bit;
    Cascade(std::move(levels_[level].slots[index]));
  }
}

bool TimerWheel::Advance(TimeMs now, size_t max, std::vector<Timer>& due) {
  for (TimeMs tick = NextTick(); tick <= now; tick = NextTick()) MoveTo(tick);
  if (now > now_) MoveTo(now);
  for (size_t taken = 0; taken < max && !ready_.empty(); ++taken) {
    std::pop_heap(ready_.begin(), ready_.end(), Later);
    due.push_back(ready_.back());
    ready_.pop_back();
    --size_;
  }
  return !ready_.empty();
}

TimeMs TimerWheel::NextDue() const { return ready_.empty() ? NextTick() : ready_.front().due; }

}  // namespace tokenbroker
