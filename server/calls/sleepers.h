// Those who have seen every change, until there is another one.
//
// Wakes all at once, immediately when the broker was idle and at most 100 times a second when it is not: a watch costs
// a look at the log each time, however many commits lie in between.
#pragma once

#include <memory>

#include "absl/functional/function_ref.h"
#include "server/broker/broker.h"

namespace tokenbroker::calls {

class Sleeper {
 public:
  virtual ~Sleeper() = default;
  // Called on the broker's executor.
  virtual void Wake() = 0;
};

// Thread-safe.
class Sleepers {
 public:
  explicit Sleepers(broker::Broker& broker);
  ~Sleepers();

  // Wakes the sleeper once, soon after something behind `after` is durable, or when the broker drains. From then on the
  // sleeper may be woken, and gone, at any time. False, without adding it, if `must_stay_awake`; whoever makes that
  // true calls Remove next, so that one of the two notices.
  bool Add(Sleeper& sleeper, broker::Sequence after, absl::FunctionRef<bool()> must_stay_awake);
  // False if it does not sleep, or is being woken.
  bool Remove(Sleeper& sleeper);

 private:
  struct State;
  // Shared with what the broker and the alarm will call.
  const std::shared_ptr<State> state_;
};

}  // namespace tokenbroker::calls
