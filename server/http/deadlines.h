// One list of deadlines for all connections of a thread: 16 bytes each in a timer wheel, no timer object, nothing to
// cancel. Coarse: up to kCoarseness late, never early.
//
//   struct Connection { Deadlines::Entry deadline; };
//   deadlines.Register(connection.deadline, &connection);
//   deadlines.Set(connection.deadline, now + idle_time);      // as often as wanted: mostly one comparison
//   deadlines.Fire(now, [](void* owner) { ... });
//
// Not thread-safe.
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "base/clock.h"
#include "server/timers/timer_wheel.h"

namespace tokenbroker::http {

class Deadlines {
 public:
  static constexpr TimeMs kNever = std::numeric_limits<TimeMs>::max();
  static constexpr DurationMs kCoarseness = 64;

  class Entry {
   public:
    TimeMs due() const { return due_; }

   private:
    friend class Deadlines;
    TimeMs due_ = kNever;
    // When the wheel will come by for it.
    TimeMs armed_ = kNever;
    void* owner_ = nullptr;
    uint32_t index_ = 0;
  };

  explicit Deadlines(TimeMs now) : wheel_(now) {}

  // The entry stays where it is until it is removed.
  void Register(Entry& entry, void* owner);
  void Remove(Entry& entry);
  // kNever takes it back.
  void Set(Entry& entry, TimeMs due);

  // Calls `fire` with the owner of each entry that is due, and takes its deadline back before. It may set and remove
  // entries, also that of another.
  template <typename Callback>
  void Fire(TimeMs now, Callback fire) {
    expired_.clear();
    wheel_.Advance(now, SIZE_MAX, expired_);
    for (size_t i = 0; i < expired_.size(); ++i) {
      if (Entry* entry = Look(expired_[i], now)) fire(entry->owner_);
    }
  }

  // When Fire is to be called next; kNever if nothing is set.
  TimeMs NextDue() const { return wheel_.NextDue(); }

 private:
  struct Slot {
    Entry* entry = nullptr;
    // Says whether a timer means this entry or an earlier one that had its place.
    uint32_t generation = 0;
  };

  void Arm(Entry& entry);
  // nullptr if the timer is stale, or its entry is due later; then it is armed again.
  Entry* Look(const TimerWheel::Timer& timer, TimeMs now);

  TimerWheel wheel_;
  std::vector<Slot> slots_;
  std::vector<uint32_t> free_;
  std::vector<TimerWheel::Timer> expired_;
};

}  // namespace tokenbroker::http
