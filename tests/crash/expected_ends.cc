#include <algorithm>
#include <cstdint>

#include "absl/strings/str_cat.h"
#include "tests/crash/expectations.h"
#include "tests/testing/broker_process.h"

namespace tokenbroker::testing {

// --- Ends ---

void Expectations::Complain(const Task& task, const std::string& text) {
  violations_.Add(absl::StrCat("task ", task.task_id, " (serial ", task.plan.serial, ", timeout ", task.plan.timeout,
                               " ms, heartbeat ", task.plan.heartbeat, " ms): ", text));
}

std::string Expectations::TooEarly(const Task& task, const End& end) const {
  if (end.at == 0) return "";
  if (end.error == "Timeout") {
    TimeMs earliest = INT64_MAX;
    for (const Due& due : task.dues) earliest = std::min(earliest, due.earliest);
    return end.at >= earliest ? "" : absl::StrCat("expired before its deadline ", earliest);
  }
  if (end.error != "HeartbeatTimeout" || task.plan.heartbeat == 0) return "expired for no reason";
  TimeMs earliest = task.beat_floor;
  for (TimeMs start : starts_) {
    if (start <= end.at) earliest = std::max(earliest, std::min(start, end.at) + task.plan.heartbeat);
  }
  return end.at >= earliest ? "" : absl::StrCat("missed its heartbeat before ", earliest);
}

// What is wrong with this end of a task that has not been seen to end; empty if nothing.
std::string Expectations::Implausible(const Task& task, const End& end) const {
  switch (end.state) {
    case v1::TASK_STATE_SUCCEEDED:
    case v1::TASK_STATE_FAILED:
      if (end.choice == kForeignChoice) return "an outcome that nobody sent";
      if (end.choice == kUnknownChoice || (task.sent >> end.choice & 1) != 0) return "";
      return "an outcome that nobody sent yet";
    case v1::TASK_STATE_EXPIRED:
      return TooEarly(task, end);
    case v1::TASK_STATE_CANCELLED:
      return task.cancel_sent ? "" : "cancelled by nobody";
    case v1::TASK_STATE_SUPERSEDED:
      return task.supersede_sent ? "" : "superseded by nobody";
    default:
      return "no end at all";
  }
}

void Expectations::Observe(Task& task, const End& end, const std::string& by) {
  if (task.end.has_value()) {
    if (!Agree(*task.end, end)) {
      Complain(task,
               absl::StrCat("two outcomes: known is ", task.end->Describe(), ", but ", by, " says ", end.Describe()));
    }
    task.end = Merged(*task.end, end);
    return;
  }
  const std::string wrong = Implausible(task, end);
  if (!wrong.empty()) Complain(task, absl::StrCat(wrong, ": ", by, " says ", end.Describe()));
  task.end = end;
  task.end_seen_at = NowMs();
  task.touched = true;
  ended_.push_back(task.plan.serial);
}

void Expectations::ObserveDetail(Task& task, const Answer& answer, const std::string& by) {
  if (!answer.resolved.has_value()) return Complain(task, by + " does not say what is recorded");
  if (answer.resolved->task_id() != task.task_id)
    Complain(task, by + " names another task: " + answer.resolved->task_id());
  const v1::Outcome& outcome = answer.resolved->outcome();
  Observe(task, EndOf(task.plan.serial, answer.resolved->state(), outcome, /*with_output=*/false), by);
}

// --- Settling ---

void Expectations::BeforeSettle(uint64_t serial, int choice) {
  std::lock_guard<std::mutex> lock(mutex_);
  Task* task = Find(serial);
  if (task == nullptr) return;
  task->sent |= 1u << choice;
  task->touched = true;
}

void Expectations::AfterSettle(const Glance& before, int choice, const Answer& answer) {
  std::lock_guard<std::mutex> lock(mutex_);
  Task* task = Find(before.serial);
  if (task == nullptr) return;
  task->touched = true;
  const std::string by = absl::StrCat("settling with choice ", choice, ": ", v1::Verdict_Name(answer.verdict));
  switch (answer.verdict) {
    case v1::VERDICT_ACCEPTED:
      if (task->accepted) Complain(*task, by + ", the second time");
      if (before.ended) Complain(*task, by + ", though it had ended");
      task->accepted = true;
      return Observe(*task, EndBy(choice), by);
    case v1::VERDICT_REPLAYED:
      return Observe(*task, EndBy(choice), by);
    case v1::VERDICT_CONFLICT:
      ObserveDetail(*task, answer, by);
      if (task->end.has_value() && task->end->choice == choice) Complain(*task, by + " of what is recorded");
      return;
    case v1::VERDICT_EXPIRED:
    case v1::VERDICT_CANCELLED:
    case v1::VERDICT_SUPERSEDED:
      return ObserveDetail(*task, answer, by);
    case v1::VERDICT_UNKNOWN:
      if (!before.may_be_gone && !MayBeGone(*task)) Complain(*task, by);
      return;
    case v1::VERDICT_PARKED:
      return Complain(*task, by + " though the task is there");
    case v1::VERDICT_REFUSED:
      if (answer.reason != v1::ERROR_REASON_OVERLOADED && answer.reason != v1::ERROR_REASON_DRAINING) {
        Complain(*task, by + " " + v1::ErrorReason_Name(answer.reason));
      }
      return;
    default:
      return;
  }
}

void Expectations::AfterPark(uint64_t serial, int choice, const Answer& answer) {
  std::lock_guard<std::mutex> lock(mutex_);
  Task* task = Find(serial);
  if (task == nullptr) return;
  if (answer.verdict == v1::VERDICT_PARKED) {
    if (task->parked != kUnknownChoice && task->parked != choice) Complain(*task, "two callbacks were parked");
    task->parked = choice;
  } else if (answer.verdict == v1::VERDICT_CONFLICT && task->parked == choice) {
    Complain(*task, "a parked callback was not known again");
  }
}

void Expectations::AfterForbidden(const Glance& before, const Answer& answer) {
  std::lock_guard<std::mutex> lock(mutex_);
  Task* task = Find(before.serial);
  if (task == nullptr) return;
  const bool accepted = answer.verdict == v1::VERDICT_ACCEPTED || answer.verdict == v1::VERDICT_REPLAYED;
  if (accepted) Complain(*task, "an outcome against the contract was accepted");
  const bool breach = answer.reason == v1::ERROR_REASON_CONTRACT_VIOLATION;
  if (breach && before.ended) Complain(*task, "judged by its contract though it had ended");
}

// --- Heartbeats, deadlines ---

void Expectations::BeforeBeat(uint64_t serial) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (Task* task = Find(serial)) ++task->beats;
}

void Expectations::AfterBeat(const Glance& before, TimeMs next_due, const Answer& answer) {
  std::lock_guard<std::mutex> lock(mutex_);
  Task* task = Find(before.serial);
  if (task == nullptr) return;
  --task->beats;
  task->beat_latest = std::max(task->beat_latest, NowMs());
  if (answer.resolved.has_value()) return ObserveDetail(*task, answer, "a heartbeat");
  if (answer.verdict != v1::VERDICT_ACCEPTED) return;
  task->beat_floor = std::max(task->beat_floor, next_due);
  if (before.ended) Complain(*task, "a heartbeat was taken though it had ended");
}

void Expectations::MoveDue(Task& task, DurationMs from_now) {
  task.deadline_sole = task.deadline_calls++ == 0;
  ++task.deadline_events;
  task.dues.push_back({NowMs() + from_now - kClockSlack, INT64_MAX, from_now});
  task.touched = true;
}

void Expectations::BeforeExtend(uint64_t serial, DurationMs timeout) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (Task* task = Find(serial)) MoveDue(*task, timeout);
}

void Expectations::BeforeCancel(uint64_t serial, DurationMs grace) {
  std::lock_guard<std::mutex> lock(mutex_);
  Task* task = Find(serial);
  if (task == nullptr) return;
  task->cancel_sent = true;
  MoveDue(*task, grace);
}

}  // namespace tokenbroker::testing
