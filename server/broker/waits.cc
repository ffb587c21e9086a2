#include "server/broker/waits.h"

#include <algorithm>

namespace tokenbroker::broker {

void Waits::Add(AwaitOperation& operation, Sequence task, TimeMs until) {
  operation.waited = true;
  operation.wait_id = next_id_++;
  operation.located.task = task;
  by_id_[operation.wait_id] = &operation;
  by_task_[task].push_back(&operation);
  limits_.Add(until, operation.wait_id);
}

void Waits::Wake(Sequence task, std::vector<AwaitOperation*>& woken) {
  if (by_task_.empty()) return;
  auto found = by_task_.find(task);
  if (found == by_task_.end()) return;
  for (AwaitOperation* operation : found->second) {
    by_id_.erase(operation->wait_id);
    operation->wait_id = 0;
    woken.push_back(operation);
  }
  by_task_.erase(found);
}

void Waits::TakeLapsed(TimeMs now, std::vector<AwaitOperation*>& lapsed) {
  due_.clear();
  limits_.Advance(now, SIZE_MAX, due_);
  for (const TimerWheel::Timer& timer : due_) {
    auto found = by_id_.find(timer.id);
    if (found == by_id_.end()) continue;
    AwaitOperation* operation = found->second;
    Remove(*operation);
    operation->wait_id = 0;
    lapsed.push_back(operation);
  }
}

bool Waits::Cancel(AwaitOperation& operation) {
  if (operation.wait_id == 0) return false;
  Remove(operation);
  operation.wait_id = 0;
  return true;
}

void Waits::TakeAll(std::vector<AwaitOperation*>& all) {
  for (auto& [id, operation] : by_id_) {
    operation->wait_id = 0;
    all.push_back(operation);
  }
  std::sort(all.begin(), all.end(), [](auto* a, auto* b) { return a->located.task < b->located.task; });
  by_id_.clear();
  by_task_.clear();
}

void Waits::Remove(const AwaitOperation& operation) {
  by_id_.erase(operation.wait_id);
  auto found = by_task_.find(operation.located.task);
  std::vector<AwaitOperation*>& waiting = found->second;
  waiting.erase(std::find(waiting.begin(), waiting.end(), &operation));
  if (waiting.empty()) by_task_.erase(found);
}

}  // namespace tokenbroker::broker
