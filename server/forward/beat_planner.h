// Few heartbeats out of many: workers beat at the broker as often as they like, and the engine hears of a task only
// when its own deadline needs it.
//
// A task whose engine wants a beat each `interval` is due when half of that has passed since the engine's last one and
// its worker has beaten since. Who is due is served by the engine's deadline, the nearest first, as many as the quota
// lets: when it is short, beats move towards their deadlines by themselves, so that a quota of q calls a second carries
// nearly q times the interval of tasks. Whose deadline has passed comes last: there is little to be saved.
//
// Whose last beat failed, which may have been for its own sake, takes turns with the others of its kind, and they with
// those who are due: none of them holds anybody else up, however urgent it is.
//
// Nothing is sent for a worker that is silent: its task then ends at the engine as it would without a broker.
//
//   planner.Watch(id, 60'000, now);
//   planner.OnLocalBeat(id, now);                                   // any number of them
//   for (Id id : planner.Take(now, quota.available())) ...send..., then planner.OnAnswer(id, ..., now)
//   ... again at planner.next_due()
//
// One thread. Time is what it is told. About 120 bytes for a task.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <set>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "base/clock.h"

namespace tokenbroker::forward {

class BeatPlanner {
 public:
  using Id = uint64_t;

  enum class Answer {
    kTaken,
    // The engine no longer waits.
    kGone,
    // There was no call, or fewer are asked for: tried again, soon, and as urgent as before.
    kHeldBack,
    // No answer, or a refusal: tried again, soon, in turn.
    kFailed,
  };

  enum class Warning {
    // The worker beats, but the engine has no heartbeat deadline: it will not notice when the beats end.
    kNobodyListens,
    // The engine has a heartbeat deadline, half of it has passed, and no beat has ever come.
    kNobodyBeats,
  };

  struct Callbacks {
    // The engine said kGone; the task is forgotten already.
    std::function<void(Id)> on_gone;
    // At most once for each task.
    std::function<void(Id, Warning)> on_warning;
  };

  explicit BeatPlanner(Callbacks callbacks) : callbacks_(std::move(callbacks)) {}

  // From now on. `interval` is the engine's; 0: it has none. When its last beat was is not known, so that the worker's
  // first one is due at once. Watching again starts anew.
  void Watch(Id id, DurationMs interval, TimeMs now);
  // The task has ended. Nothing happens if it is not watched.
  void Forget(Id id);
  // Nothing happens if it is not watched.
  void OnLocalBeat(Id id, TimeMs now);

  // At most so many tasks, the most urgent first; for each an OnAnswer must follow, if it is not forgotten before.
  // `probes`: they are to show whether the target lives. Those whose deadline has passed then take turns with those
  // that failed, if nothing else is due: after a long outage they may be all that the target would take.
  std::vector<Id> Take(TimeMs now, int64_t at_most, bool probes = false);
  void OnAnswer(Id id, Answer answer, TimeMs now);
  // Whether its last beat failed.
  bool has_failed(Id id) const;

  // When Take may have more to give; kNever if nothing is planned.
  static constexpr TimeMs kNever = std::numeric_limits<TimeMs>::max();
  TimeMs next_due() const;

  size_t watched() const { return tasks_.size(); }
  // Due and not taken.
  size_t due() const { return due_.size() + again_.size() + late_.size(); }
  // Of those, whose deadline had passed when they became due, or at the last Take.
  size_t late() const { return late_.size(); }

 private:
  struct Task {
    DurationMs interval = 0;
    // The engine's, or when the watch began.
    TimeMs last_upstream = 0;
    // When what is under way was taken.
    TimeMs taken_at = 0;
    // The place in one of the sets below.
    TimeMs key = 0;
    enum class State : uint8_t { kSilent, kPlanned, kDue, kAgain, kLate, kUnderWay } state = State::kSilent;
    bool ever_beaten = false;
    // The worker has beaten since the engine's last beat was sent.
    bool fresh = false;
    // The last beat did.
    bool failed = false;
    bool warned = false;

    TimeMs deadline() const { return last_upstream + interval; }
  };
  using Order = std::set<std::pair<TimeMs, Id>>;

  Order* OrderOf(Task::State state);
  void Move(Id id, Task& task, Task::State state, TimeMs key);
  void MakeDue(TimeMs now);
  void MakeDue(Id id, Task& task, TimeMs now);
  void TakeFirst(Order& order, TimeMs now, std::vector<Id>& out);
  void Warn(Id id, Task& task, Warning warning);

  const Callbacks callbacks_;
  absl::flat_hash_map<Id, Task> tasks_;
  // By the time at which they become due, or are to be looked at.
  Order planned_;
  // By the engine's deadline.
  Order due_;
  // Those whose last beat failed, by when they became due again.
  Order again_;
  bool turn_of_again_ = false;
  // Those whose deadline has passed, by when it did, or by when they became due again.
  Order late_;
};

}  // namespace tokenbroker::forward
