// What became of operations, counted until an observer is told.
//
// An observer's counters are shared between threads: before the processor changes one it finishes every store that it
// has begun, and the stores of each operation miss its caches. Told once a round, they overlap with what comes next.
//
// Not thread-safe.
#pragma once

#include <array>
#include <cstddef>

#include "server/broker/observer.h"
#include "server/broker/operation.h"

namespace tokenbroker::broker {

class Tally {
 public:
  void Issued() { ++issued_; }
  void Beat() { ++beats_; }
  void Resolved(TaskState state) { ++resolved_[static_cast<size_t>(state)]; }

  // Tells what was counted since the last time.
  void TellTo(Observer& observer) {
    if (issued_ > 0) observer.Issued(issued_);
    if (beats_ > 0) observer.Beat(beats_);
    for (size_t state = 0; state < resolved_.size(); ++state) {
      if (resolved_[state] > 0) observer.Resolved(static_cast<TaskState>(state), resolved_[state]);
    }
    *this = Tally();
  }

 private:
  static constexpr size_t kStates = static_cast<size_t>(TaskState::kSuperseded) + 1;

  size_t issued_ = 0;
  size_t beats_ = 0;
  std::array<size_t, kStates> resolved_ = {};
};

}  // namespace tokenbroker::broker
