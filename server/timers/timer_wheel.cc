#include "server/timers/timer_wheel.h"

#include <algorithm>
#include <bit>
#include <limits>

namespace tokenbroker {
namespace {

constexpr TimeMs kNever = std::numeric_limits<TimeMs>::max();
constexpr size_t kSpareBlocks = 64;
// With each Advance: some microseconds, and more than anybody adds between two of them.
constexpr size_t kMovesAhead = 1024;

bool Later(const TimerWheel::Timer& a, const TimerWheel::Timer& b) {
  return a.due != b.due ? a.due > b.due : a.id > b.id;
}

}  // namespace

TimerWheel::TimerWheel(TimeMs start) : now_(start) {}

void TimerWheel::Add(TimeMs due, uint64_t id) {
  ++size_;
  Place({due, id});
}

int64_t TimerWheel::Level::FirstFrom(int64_t number) const {
  const int place = static_cast<int>(number % kSlots);
  const unsigned __int128 turned = place == 0 ? occupied : occupied >> place | occupied << (kSlots - place);
  const auto low = static_cast<uint64_t>(turned);
  const auto high = static_cast<uint64_t>(turned >> 64);
  return number + (low != 0 ? std::countr_zero(low) : 64 + std::countr_zero(high));
}

// A timer lives on the lowest level that reaches it.
void TimerWheel::Place(Timer timer) {
  if (timer.due <= now_) {
    ready_.push_back(timer);
    std::push_heap(ready_.begin(), ready_.end(), Later);
    return;
  }
  for (int level = 0; level < kLevels; ++level) {
    const int64_t number = NumberOf(timer.due, level);
    if (number - NumberOf(now_, level) >= kSlots) continue;
    Push(levels_[level].SlotOf(number), timer);
    levels_[level].occupied |= Level::BitOf(number);
    return;
  }
  Push(overflow_, timer);
}

void TimerWheel::Push(Slot& slot, Timer timer) {
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

void TimerWheel::DropEmptyBlock(Slot& slot) {
  Slot next = std::move(slot->next);
  Recycle(std::move(slot));
  slot = std::move(next);
}

void TimerWheel::Cascade(Slot slot) {
  while (slot != nullptr) {
    for (uint32_t i = 0; i < slot->used; ++i) Place(slot->timers[i]);
    DropEmptyBlock(slot);
  }
}

// The overflow is looked through before anything in it could be due: when half of what the top level reaches is over.
void TimerWheel::CascadeOverflow() { Cascade(std::move(overflow_)); }

TimeMs TimerWheel::NextTick() const {
  TimeMs tick = kNever;
  for (int level = 0; level < kLevels; ++level) {
    if (levels_[level].occupied == 0) continue;
    // Never the current slot: that was emptied when it began.
    const int64_t number = levels_[level].FirstFrom(NumberOf(now_, level) + 1);
    tick = std::min<TimeMs>(tick, number << (level * kBits));
  }
  if (overflow_ == nullptr) return tick;
  return std::min<TimeMs>(tick, (NumberOf(now_, kLevels) + 1) << (kLevels * kBits));
}

void TimerWheel::MoveTo(TimeMs tick) {
  const TimeMs before = now_;
  now_ = tick;
  if (NumberOf(before, kLevels) != NumberOf(tick, kLevels)) CascadeOverflow();
  for (int level = kLevels - 1; level >= 0; --level) {
    const int64_t number = NumberOf(tick, level);
    if ((levels_[level].occupied & Level::BitOf(number)) == 0) continue;
    levels_[level].occupied &= ~Level::BitOf(number);
    Cascade(std::move(levels_[level].SlotOf(number)));
  }
}

void TimerWheel::MoveAhead(size_t at_most) {
  for (int level = 1; level < kLevels; ++level) {
    // The one slot that the level below reaches to its end.
    const int64_t number = NumberOf(now_, level) + 1;
    if ((levels_[level].occupied & Level::BitOf(number)) == 0) continue;
    Slot& slot = levels_[level].SlotOf(number);
    for (; slot != nullptr && at_most > 0; --at_most) {
      Place(slot->timers[--slot->used]);
      if (slot->used == 0) DropEmptyBlock(slot);
    }
    if (slot == nullptr) levels_[level].occupied &= ~Level::BitOf(number);
  }
}

bool TimerWheel::Advance(TimeMs now, size_t max, std::vector<Timer>& due) {
  for (TimeMs tick = NextTick(); tick <= now; tick = NextTick()) MoveTo(tick);
  if (now > now_) MoveTo(now);
  MoveAhead(kMovesAhead);
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
