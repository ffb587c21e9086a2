#include "server/forward/beat_planner.h"

#include <algorithm>

namespace tokenbroker::forward {
namespace {

// After a beat that failed, a share of the interval, and at least a second.
constexpr DurationMs kRetryShare = 20;
constexpr DurationMs kShortestRetry = 1'000;

}  // namespace

BeatPlanner::Order* BeatPlanner::OrderOf(Task::State state) {
  switch (state) {
    case Task::State::kPlanned:
      return &planned_;
    case Task::State::kDue:
      return &due_;
    case Task::State::kAgain:
      return &again_;
    case Task::State::kLate:
      return &late_;
    default:
      return nullptr;
  }
}

void BeatPlanner::Move(Id id, Task& task, Task::State state, TimeMs key) {
  if (Order* const from = OrderOf(task.state)) from->erase({task.key, id});
  task.state = state;
  task.key = key;
  if (Order* const to = OrderOf(state)) to->emplace(key, id);
}

void BeatPlanner::Warn(Id id, Task& task, Warning warning) {
  if (std::exchange(task.warned, true) || callbacks_.on_warning == nullptr) return;
  callbacks_.on_warning(id, warning);
}

void BeatPlanner::Watch(Id id, DurationMs interval, TimeMs now) {
  Forget(id);
  Task& task = tasks_[id];
  task.interval = interval;
  task.last_upstream = now;
  // Whether a worker beats at all is looked at while there is still time.
  if (interval > 0) Move(id, task, Task::State::kPlanned, now + interval / 2);
}

void BeatPlanner::Forget(Id id) {
  const auto found = tasks_.find(id);
  if (found == tasks_.end()) return;
  Move(id, found->second, Task::State::kSilent, 0);
  tasks_.erase(found);
}

void BeatPlanner::OnLocalBeat(Id id, TimeMs now) {
  const auto found = tasks_.find(id);
  if (found == tasks_.end()) return;
  Task& task = found->second;
  if (task.interval == 0) return Warn(id, task, Warning::kNobodyListens);
  const bool first = !std::exchange(task.ever_beaten, true);
  task.fresh = true;
  if (first || task.state == Task::State::kSilent) MakeDue(id, task, now);
}

void BeatPlanner::MakeDue(Id id, Task& task, TimeMs now) {
  if (!task.failed) return Move(id, task, Task::State::kDue, task.deadline());
  Move(id, task, task.deadline() <= now ? Task::State::kLate : Task::State::kAgain, now);
}

void BeatPlanner::MakeDue(TimeMs now) {
  while (!planned_.empty() && planned_.begin()->first <= now) {
    const Id id = planned_.begin()->second;
    Task& task = tasks_.at(id);
    if (task.fresh) {
      MakeDue(id, task, now);
      continue;
    }
    Move(id, task, Task::State::kSilent, 0);
    if (!task.ever_beaten) Warn(id, task, Warning::kNobodyBeats);
  }
  while (!due_.empty() && due_.begin()->first <= now) {
    const auto [deadline, id] = *due_.begin();
    Move(id, tasks_.at(id), Task::State::kLate, deadline);
  }
}

void BeatPlanner::TakeFirst(Order& order, TimeMs now, std::vector<Id>& out) {
  const Id id = order.begin()->second;
  Task& task = tasks_.at(id);
  Move(id, task, Task::State::kUnderWay, 0);
  task.taken_at = now;
  task.fresh = false;
  out.push_back(id);
}

std::vector<BeatPlanner::Id> BeatPlanner::Take(TimeMs now, int64_t at_most, bool probes) {
  MakeDue(now);
  std::vector<Id> out;
  const size_t bound = static_cast<size_t>(std::max<int64_t>(at_most, 0));
  while (out.size() < bound && due() > 0) {
    turn_of_again_ = !turn_of_again_;
    const bool others = !due_.empty() || (probes && !late_.empty());
    if (!again_.empty() && (turn_of_again_ || !others)) {
      TakeFirst(again_, now, out);
    } else {
      TakeFirst(due_.empty() ? late_ : due_, now, out);
    }
  }
  return out;
}

bool BeatPlanner::has_failed(Id id) const {
  const auto found = tasks_.find(id);
  return found != tasks_.end() && found->second.failed;
}

void BeatPlanner::OnAnswer(Id id, Answer answer, TimeMs now) {
  const auto found = tasks_.find(id);
  if (found == tasks_.end() || found->second.state != Task::State::kUnderWay) return;
  Task& task = found->second;
  switch (answer) {
    case Answer::kGone:
      tasks_.erase(found);
      if (callbacks_.on_gone != nullptr) callbacks_.on_gone(id);
      return;
    case Answer::kTaken:
      // The engine counts from when it got it, which was not before this.
      task.last_upstream = task.taken_at;
      task.failed = false;
      return Move(id, task, Task::State::kPlanned, task.last_upstream + task.interval / 2);
    case Answer::kFailed:
      task.failed = true;
      [[fallthrough]];
    case Answer::kHeldBack:
      task.fresh = true;
      return Move(id, task, Task::State::kPlanned, now + std::max(task.interval / kRetryShare, kShortestRetry));
  }
}

TimeMs BeatPlanner::next_due() const {
  TimeMs next = planned_.empty() ? kNever : planned_.begin()->first;
  // Due already: as soon as the quota lets it.
  if (due() > 0) next = 0;
  return next;
}

}  // namespace tokenbroker::forward
