#include <algorithm>
#include <cstdint>

#include "absl/strings/str_cat.h"
#include "tests/crash/expectations.h"
#include "tests/testing/broker_client.h"
#include "tests/testing/broker_process.h"

namespace tokenbroker::testing {
namespace {

bool Waits(const v1::Task& task) { return task.state() == v1::TASK_STATE_WAITING; }

// What an engine ends itself it need not be told.
bool IsDelivered(v1::TaskState state) {
  return state == v1::TASK_STATE_SUCCEEDED || state == v1::TASK_STATE_FAILED || state == v1::TASK_STATE_EXPIRED;
}

bool HasOutput(const v1::Task& task, bool full) { return full || !task.outcome().output().empty(); }

}  // namespace

// --- Looks ---

void Expectations::CheckContent(const Task& task, const v1::Task& seen, bool full, const std::string& by) {
  const Plan& plan = task.plan;
  const auto label = seen.labels().find("serial");
  const bool same = seen.task_id() == task.task_id && seen.namespace_() == NamespaceName(plan.name_space) &&
                    seen.correlation_key() == plan.key && seen.attempt() == std::max<uint32_t>(plan.attempt, 1) &&
                    seen.summary() == absl::StrCat("serial ", plan.serial) && label != seen.labels().end() &&
                    label->second == absl::StrCat(plan.serial) && (!full || seen.input() == InputOf(plan)) &&
                    ToMs(seen.issued_at()) == task.issued_at;
  if (!same) Complain(task, absl::StrCat(by, " shows other content: ", seen.ShortDebugString().substr(0, 500)));
}

void Expectations::CheckWaiting(Task& task, const Glance& before, const v1::Task& seen, const std::string& by) {
  if (before.ended)
    return Complain(task, absl::StrCat("waits again: known is ", task.end->Describe(), ", but not to ", by));
  if (before.latest_due < before.at - kLateSlack) {
    Complain(task, absl::StrCat("still waits at ", before.at, ", though it was due at ", before.latest_due, ": ", by));
  }
  const TimeMs deadline = ToMs(seen.deadline());
  const bool known = std::any_of(task.dues.begin(), task.dues.end(), [deadline](const Due& due) {
    return deadline >= due.earliest && deadline <= due.latest;
  });
  // Cancellation with a grace time leaves an earlier deadline as it is; what a call that moves it, and was under way
  // meanwhile, did to this look is not known either.
  const bool certain = task.dues.size() == 1 && before.deadline_events == task.deadline_events;
  if (!known && certain) {
    Complain(task, absl::StrCat("has the deadline ", deadline, ", not ", task.dues[0].earliest, ": ", by));
  }
}

void Expectations::AfterLook(const Glance& before, const v1::Task& seen, bool full, const char* call) {
  std::lock_guard<std::mutex> lock(mutex_);
  Task* task = Find(before.serial);
  if (task == nullptr) return;
  CheckContent(*task, seen, full, call);
  CheckDelivery(*task, before, seen, call);
  if (Waits(seen)) return CheckWaiting(*task, before, seen, call);
  Observe(*task, EndOf(before.serial, seen.state(), seen.outcome(), HasOutput(seen, full)), call);
}

void Expectations::AfterUnknown(const Glance& before, const char* call) {
  std::lock_guard<std::mutex> lock(mutex_);
  Task* task = Find(before.serial);
  if (task == nullptr || before.may_be_gone || MayBeGone(*task)) return;
  Complain(*task, absl::StrCat("lost: ", call, " does not know it",
                               task->end.has_value() ? ", known is " + task->end->Describe() : ""));
}

void Expectations::AfterKeyLook(const Glance& before, const v1::Task* seen) {
  std::lock_guard<std::mutex> lock(mutex_);
  Task* task = Find(before.serial);
  if (task == nullptr) return;
  if (seen == nullptr) {
    if (!before.may_be_gone && !MayBeGone(*task)) Complain(*task, "lost: its key leads nowhere");
    return;
  }
  if (seen->correlation_key() != before.plan.key) return Complain(*task, "its key leads to a task with another");
  if (seen->task_id() < task->task_id) Complain(*task, "its key leads to an older task: " + seen->task_id());
}

void Expectations::AfterDeadlineCall(const Glance& before, const v1::Task* seen, const Answer& answer,
                                     const char* call) {
  std::lock_guard<std::mutex> lock(mutex_);
  Task* task = Find(before.serial);
  if (task == nullptr) return;
  const bool sole = --task->deadline_calls == 0 && task->deadline_sole;
  ++task->deadline_events;
  for (Due& due : task->dues) {
    if (due.latest == INT64_MAX && task->deadline_calls == 0) due.latest = NowMs() + due.span + kClockSlack;
  }
  if (answer.resolved.has_value()) return ObserveDetail(*task, answer, call);
  if (seen == nullptr) return;
  if (!Waits(*seen))
    return Observe(*task, EndOf(before.serial, seen->state(), seen->outcome(), HasOutput(*seen, false)), call);
  if (before.ended) Complain(*task, absl::StrCat(call, " worked though it had ended"));
  const TimeMs deadline = ToMs(seen->deadline());
  if (sole) task->dues = {{deadline, deadline, 0}};
}

// --- Targets ---

void Expectations::CheckDelivery(Task& task, const Glance& before, const v1::Task& seen, const std::string& by) {
  const bool owed = task.plan.target != Target::kNone && IsDelivered(seen.state());
  if (seen.has_delivery() != owed)
    return Complain(task, absl::StrCat(by, owed ? " shows no delivery" : " shows a delivery"));
  if (!owed) return;
  const v1::Delivery& delivery = seen.delivery();
  if (delivery.target() != TargetName(task.plan.target)) Complain(task, by + " shows another target");
  switch (delivery.state()) {
    case v1::DELIVERY_STATE_PENDING:
      if (before.delivered) Complain(task, by + " says that it is owed, though it had been delivered");
      return;
    case v1::DELIVERY_STATE_DELIVERED:
    case v1::DELIVERY_STATE_PROBABLY_DELIVERED:
      if (!task.taken) Complain(task, by + " says that it is delivered, but its target has not taken it");
      if (task.delivered_in == 0) task.delivered_in = starts_.size();
      return;
    default:
      return Complain(task, absl::StrCat(by, " says of its delivery: ", delivery.ShortDebugString()));
  }
}

void Expectations::Arrived(uint64_t serial, const std::string& task_id, const End& end, size_t start, bool taken) {
  std::lock_guard<std::mutex> lock(mutex_);
  Task* task = Find(serial);
  // Those whose issue was never answered, or which were checked to the end.
  if (task == nullptr) return;
  if (task->plan.target == Target::kNone) Complain(*task, "its outcome was sent to somebody");
  if (!task_id.empty() && !task->task_id.empty() && task_id != task->task_id) Complain(*task, "was sent as " + task_id);
  if (task->delivered_in != 0 && start >= task->delivered_in) Complain(*task, "was sent though it had been delivered");
  if (!task->arrived.has_value()) task->arrived = end;
  task->taken |= taken;
  if (!task->task_id.empty()) Observe(*task, end, "its target");
}

std::vector<uint64_t> Expectations::Undelivered() const {
  std::lock_guard<std::mutex> lock(mutex_);
  std::vector<uint64_t> owed;
  for (const auto& [serial, task] : tasks_) {
    if (IsOwed(task)) owed.push_back(serial);
  }
  return owed;
}

bool Expectations::IsOwed(const Task& task) const {
  return task.plan.target != Target::kNone && !task.taken && task.end.has_value() && IsDelivered(task.end->state);
}

// --- Watch ---

void Expectations::Watched(const v1::WatchTasksResponse& change) {
  std::lock_guard<std::mutex> lock(mutex_);
  auto found = by_id_.find(change.task().task_id());
  Task* task = found == by_id_.end() ? nullptr : Find(found->second);
  if (task == nullptr) {
    early_[change.task().task_id()].push_back(change);
  } else {
    NoteChange(*task, change);
  }
}

void Expectations::NoteChange(Task& task, const v1::WatchTasksResponse& change) {
  if (change.kind() == v1::WatchTasksResponse::KIND_ISSUED) {
    if (task.seen_issued) Complain(task, "the watch showed its issue twice");
    task.seen_issued = true;
  }
  if (change.kind() != v1::WatchTasksResponse::KIND_RESOLVED) return;
  if (task.seen_resolved) Complain(task, "the watch showed its end twice");
  if (!task.seen_issued) Complain(task, "the watch showed its end before its issue");
  task.seen_resolved = true;
  const v1::Task& seen = change.task();
  Observe(task, EndOf(task.plan.serial, seen.state(), seen.outcome(), HasOutput(seen, false)), "the watch");
}

void Expectations::CheckWatched(TimeMs until) {
  std::lock_guard<std::mutex> lock(mutex_);
  for (const auto& [serial, task] : tasks_) {
    if (task.plan.name_space != 0 || task.task_id.empty() || task.acked_at >= until) continue;
    if (!task.seen_issued) Complain(task, "the watch did not show its issue");
    if (task.end.has_value() && task.end_seen_at < until && !task.seen_resolved)
      Complain(task, "the watch did not show its end");
  }
}

}  // namespace tokenbroker::testing
