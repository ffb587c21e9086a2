// Who waits for which task to end.
//
// Not thread-safe; under the same lock as the state. An operation that waits belongs to its door, but is only touched
// here until it is handed back: by Wake, by TakeLapsed, by Cancel or by TakeAll, exactly once.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "server/broker/operation.h"
#include "server/timers/timer_wheel.h"

namespace tokenbroker::broker {

class Waits {
 public:
  explicit Waits(TimeMs now) : limits_(now) {}

  void Add(AwaitOperation& operation, Sequence task, TimeMs until);

  // Hands back who waits for the task.
  void Wake(Sequence task, std::vector<AwaitOperation*>& woken);
  // Hands back whose time is up.
  void TakeLapsed(TimeMs now, std::vector<AwaitOperation*>& lapsed);
  // False if the operation does not wait (any more).
  bool Cancel(AwaitOperation& operation);
  void TakeAll(std::vector<AwaitOperation*>& all);

  size_t size() const { return by_id_.size(); }
  TimeMs NextDue() const { return limits_.NextDue(); }

 private:
  void Remove(const AwaitOperation& operation);

  uint64_t next_id_ = 1;
  absl::flat_hash_map<uint64_t, AwaitOperation*> by_id_;
  absl::flat_hash_map<Sequence, std::vector<AwaitOperation*>> by_task_;
  TimerWheel limits_;
  std::vector<TimerWheel::Timer> due_;
};

}  // namespace tokenbroker::broker
