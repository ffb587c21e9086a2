// Millions of deadlines in memory, 16 bytes each.
//
// A hierarchical wheel: six levels of 128 slots, one millisecond fine at the bottom, 64 times as wide on each level
// above, 4.3 years ahead at the top; what lies beyond waits in an overflow list. Adding is O(1); each timer moves down
// at most once per level; empty stretches are skipped by a bitmap per level, so that advancing by a year costs no more
// than advancing by a second.
//
// A level reaches twice as far as a slot of the one above, so that the next such slot can be taken apart while the
// current one lasts, a few timers with each Advance: what many tasks of one timeout put there, millions in a slot of
// four minutes, would hold everybody up for a tenth of a second otherwise.
//
// There is no cancel and no update: whoever is told that a timer is due looks at the thing it was for, and adds a new
// timer if that is due later. A task that beats every second thus costs one timer per heartbeat timeout, not one per
// beat.
//
// Not thread-safe. Never early: Advance(now) delivers only what is due at or before `now`.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/clock.h"

namespace tokenbroker {

class TimerWheel {
 public:
  struct Timer {
    TimeMs due;
    uint64_t id;
  };

  // No timer is due before `start`; one that is gets delivered by the next Advance.
  explicit TimerWheel(TimeMs start);

  void Add(TimeMs due, uint64_t id);

  // Moves to `now` and appends at most `max` due timers to `due`, oldest first. True if more are due.
  bool Advance(TimeMs now, size_t max, std::vector<Timer>& due);

  // A lower bound of when the next timer is due: never later than that, and not in the past unless one is due.
  // INT64_MAX when empty.
  TimeMs NextDue() const;

  size_t size() const { return size_; }

 private:
  static constexpr int kLevels = 6;
  static constexpr int kBits = 6;  // a slot is as wide as 64 of the level below
  static constexpr int kSlots = 2 << kBits;

  // Timers in blocks of a kibibyte, so that a slot wastes at most one block and giving memory back is cheap.
  struct Block {
    std::unique_ptr<Block> next;
    uint32_t used = 0;
    std::array<Timer, 63> timers;
  };
  using Slot = std::unique_ptr<Block>;

  // Slots have numbers, the time by the slot's width. Those that are occupied lie less than kSlots ahead of the current
  // one, so that a number's place is its remainder.
  struct Level {
    std::array<Slot, kSlots> slots;
    unsigned __int128 occupied = 0;  // bit i: slots[i] is not empty

    Slot& SlotOf(int64_t number) { return slots[number % kSlots]; }
    static unsigned __int128 BitOf(int64_t number) { return static_cast<unsigned __int128>(1) << (number % kSlots); }
    // The first occupied one from `number` on; there must be one.
    int64_t FirstFrom(int64_t number) const;
  };

  // The number of the slot of that level in which `time` lies.
  static int64_t NumberOf(TimeMs time, int level) { return time >> (level * kBits); }

  // By value, so that a timer just made goes from registers to its slot: read back whole from two stores of half its
  // size, it would wait for all that was stored before them.
  void Place(Timer timer);
  void Push(Slot& slot, Timer timer);
  void DropEmptyBlock(Slot& slot);
  std::unique_ptr<Block> NewBlock();
  void Recycle(std::unique_ptr<Block> block);
  // Takes everything out of a slot and places it again, relative to `now_`.
  void Cascade(Slot slot);
  void CascadeOverflow();
  // The next time at which anything has to be moved or delivered; INT64_MAX if nothing.
  TimeMs NextTick() const;
  void MoveTo(TimeMs tick);
  // Moves at most so many timers of slots that are next on their level to the level below.
  void MoveAhead(size_t at_most);

  TimeMs now_;
  size_t size_ = 0;
  std::array<Level, kLevels> levels_;
  Slot overflow_;
  // Due already, a min-heap by `due`.
  std::vector<Timer> ready_;
  std::vector<std::unique_ptr<Block>> spare_;
};

}  // namespace tokenbroker
