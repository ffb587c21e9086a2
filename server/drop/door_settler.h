// Settles by the calls that every door makes, as a principal of the drop's own.
#pragma once

#include <functional>

#include "base/home.h"
#include "server/calls/door.h"
#include "server/drop/settler.h"

namespace tokenbroker::drop {

// For one thread.
class DoorSettler : public Settler {
 public:
  // Both must outlive the settler. The principal needs the right to read besides that to resolve: keys are looked up.
  // `pump` is called while an answer is not there yet, for a broker that does nothing by
  // itself; without it the thread sleeps.
  DoorSettler(const calls::Door& door, const broker::Principal& principal, std::function<void()> pump = nullptr)
      : door_(door), principal_(principal), pump_(std::move(pump)) {}

  v1::BatchGetTasksResponse FindTasks(const v1::BatchGetTasksRequest& keys) override;
  void Settle(const Items& items, Results* results) override;

 private:
  class Wait;

  const calls::Door& door_;
  const broker::Principal& principal_;
  const std::function<void()> pump_;
};

}  // namespace tokenbroker::drop
