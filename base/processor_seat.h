// A busy thread keeps its processor, and takes another when it stands in line there.
//
// With few processors the kernel puts a thread that wakes beside whoever wakes it, and may leave two that are busy on
// one processor for 200 ms while another one idles: what ran within half a millisecond counts as bound to its cache.
// Callers wait for both (docs/adr/0033). A thread that does not move about meets neither, and one that looks for itself
// whether it stands in line is not caught behind another program's.
//
//   ProcessorSeat seat;  // on the thread
//   while (...) {
//     seat.Look();
//     ...
//   }
#pragma once

#include <chrono>

#include "base/thread_times.h"

namespace tokenbroker {

// What a thread does about its processor, by what the kernel counted of it. Pure; not thread-safe.
class SeatPolicy {
 public:
  using Time = std::chrono::steady_clock::time_point;
  enum class Choice {
    kNothing,
    kKeep,   // run on this processor alone
    kMove,   // run on another one alone
    kLeave,  // run anywhere: it is hardly busy, and the kernel finds it an idle processor when it wakes
  };

  // Closer looks say little.
  static constexpr auto kPeriod = std::chrono::milliseconds(8);

  // Looks in a row that must find it in line before it moves: of a moment's work of others it sees the end sooner.
  // Twice as many after each move that did not help, for where all processors are busy no place is better.
  static constexpr int kLeastPatience = 2;
  static constexpr int kMostPatience = 32;

  // At least kPeriod after the look before. `times`: since the thread began.
  Choice Look(Time now, ThreadTimes times);

 private:
  Time looked_at_;
  ThreadTimes before_;
  bool keeps_ = false;
  // Looks in a row that found it in line, since it moved last; and how many make it move.
  int in_line_ = 0;
  int patience_ = kLeastPatience;
};

// Of the thread that makes it, which alone may use it, and which is not the process's first: where that one may run,
// all may. Does nothing where the kernel does not count, or where there are one or more than four processors: with so
// many, one is idle where the kernel looks, and it knows better which.
class ProcessorSeat {
 public:
  ProcessorSeat();
  ~ProcessorSeat();
  ProcessorSeat(const ProcessorSeat&) = delete;
  ProcessorSeat& operator=(const ProcessorSeat&) = delete;

  // To be called often: mostly a look at the clock.
  void Look();

 private:
  void Do(SeatPolicy::Choice choice);

  const ThreadTimesFile times_;
  SeatPolicy policy_;
  SeatPolicy::Time next_look_;
};

}  // namespace tokenbroker
