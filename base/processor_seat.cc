#include "base/processor_seat.h"

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

namespace tokenbroker {
namespace {

constexpr int kMostProcessors = 4;
// Shares of the time: running or waiting to run, from which on a thread is busy, and below which it is not any more.
constexpr double kBusy = 0.4;
constexpr double kIdle = 0.2;
// Waiting to run, from which on it stands in line.
constexpr double kInLine = 0.2;

// Where the process may run; the thread's own set may be narrower, by us.
cpu_set_t Allowed() {
  cpu_set_t set;
  CPU_ZERO(&set);
  sched_getaffinity(getpid(), sizeof set, &set);
  return set;
}

bool IsFew(const cpu_set_t& set) { return CPU_COUNT(&set) > 1 && CPU_COUNT(&set) <= kMostProcessors; }

// The next one, round in a ring; the same if there is no other.
int NextAfter(int here, const cpu_set_t& set) {
  int other = here;
  do {
    other = (other + 1) % CPU_SETSIZE;
  } while (other != here && !CPU_ISSET(other, &set));
  return other;
}

void RunOn(const cpu_set_t& set) { sched_setaffinity(0, sizeof set, &set); }

void RunOn(int processor) {
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(processor, &one);
  RunOn(one);
}

}  // namespace

SeatPolicy::Choice SeatPolicy::Look(Time now, ThreadTimes times) {
  const std::chrono::duration<double> time = now - std::exchange(looked_at_, now);
  const ThreadTimes before = std::exchange(before_, times);
  const double waited = (times.waited - before.waited) / time;
  const double busy = (times.ran - before.ran) / time + waited;
  if (busy < (keeps_ ? kIdle : kBusy)) return std::exchange(keeps_, false) ? Choice::kLeave : Choice::kNothing;
  if (waited < kInLine) {
    in_line_ = 0;
    patience_ = kLeastPatience;
  } else if (++in_line_ >= patience_) {
    in_line_ = 0;
    patience_ = std::min(2 * patience_, kMostPatience);
    keeps_ = true;
    return Choice::kMove;
  }
  return std::exchange(keeps_, true) ? Choice::kNothing : Choice::kKeep;
}

ProcessorSeat::ProcessorSeat() {
  if (!times_.good() || !IsFew(Allowed())) next_look_ = SeatPolicy::Time::max();
}

ProcessorSeat::~ProcessorSeat() { Do(SeatPolicy::Choice::kLeave); }

void ProcessorSeat::Look() {
  const SeatPolicy::Time now = std::chrono::steady_clock::now();
  if (now < next_look_) return;
  next_look_ = now + SeatPolicy::kPeriod;
  Do(policy_.Look(now, times_.Read()));
}

void ProcessorSeat::Do(SeatPolicy::Choice choice) {
  switch (choice) {
    case SeatPolicy::Choice::kNothing:
      return;
    case SeatPolicy::Choice::kKeep:
      return RunOn(sched_getcpu());
    case SeatPolicy::Choice::kMove:
      return RunOn(NextAfter(sched_getcpu(), Allowed()));
    case SeatPolicy::Choice::kLeave:
      return RunOn(Allowed());
  }
}

}  // namespace tokenbroker
