#include "tests/crash/expectations.h"

#include <algorithm>
#include <cstdint>

#include "absl/strings/str_cat.h"
#include "tests/testing/broker_client.h"
#include "tests/testing/broker_process.h"

namespace tokenbroker::testing {
namespace {

constexpr size_t kRecent = 3000;

}  // namespace

// --- The broker ---

size_t Expectations::BrokerStarts() {
  std::lock_guard<std::mutex> lock(mutex_);
  starts_.push_back(NowMs());
  return starts_.size();
}

void Expectations::BrokerIsReady() {
  std::lock_guard<std::mutex> lock(mutex_);
  ready_at_ = NowMs();
}

// --- Issue ---

uint64_t Expectations::NextSerial() {
  std::lock_guard<std::mutex> lock(mutex_);
  return next_serial_++;
}

void Expectations::BeforeIssue(const Plan& plan) {
  std::lock_guard<std::mutex> lock(mutex_);
  Task& task = tasks_[plan.serial];
  task.plan = plan;
  task.touched = true;
  if (plan.attempt == 0) return;
  for (uint64_t serial : by_key_[plan.key]) {
    Task* older = Find(serial);
    if (older != nullptr && older->plan.attempt < plan.attempt) older->supersede_sent = true;
  }
  by_key_[plan.key].push_back(plan.serial);
}

void Expectations::AfterIssue(uint64_t serial, const v1::IssueTaskResponse& response) {
  std::lock_guard<std::mutex> lock(mutex_);
  Task* task = Find(serial);
  if (task == nullptr) return;
  task->touched = true;
  if (task->task_id.empty()) {
    if (response.replayed() && !task->in_doubt) Complain(*task, "a fresh request id was called a repetition");
    return Acknowledge(*task, response);
  }
  if (task->task_id != response.task_id() || task->token != response.token()) {
    Complain(*task, "the request id gave another task or token: " + response.task_id());
  }
  if (!response.replayed()) Complain(*task, "a repeated request id was not called a repetition");
}

void Expectations::Acknowledge(Task& task, const v1::IssueTaskResponse& response) {
  if (response.task_id().empty() || response.token().empty()) return Complain(task, "an issue without id or token");
  task.in_doubt = false;
  task.task_id = response.task_id();
  task.token = response.token();
  task.acked_at = NowMs();
  const TimeMs deadline = ToMs(response.deadline());
  task.issued_at = deadline - task.plan.timeout;
  task.dues = {{deadline, deadline, 0}};
  task.beat_floor = task.issued_at + task.plan.heartbeat;
  task.beat_latest = std::max(task.issued_at, ready_at_);
  if (!by_id_.emplace(task.task_id, task.plan.serial).second) Complain(task, "a task id was given out twice");
  open_.push_back(task.plan.serial);
  if (task.parked != kUnknownChoice) {
    const End end = EndBy(task.parked);
    Observe(task, end, "the parked callback");
    if (!response.replayed() && response.state() != end.state) {
      Complain(task,
               "a parked callback was not applied: the issue's answer says " + v1::TaskState_Name(response.state()));
    }
  }
  if (task.arrived.has_value()) Observe(task, *task.arrived, "its target, before the issue was answered,");
  for (const v1::WatchTasksResponse& change : early_[task.task_id]) NoteChange(task, change);
  early_.erase(task.task_id);
  auto found = by_id_.find(response.superseded_task_id());
  Task* older = found == by_id_.end() ? nullptr : Find(found->second);
  if (older != nullptr)
    Observe(*older, {v1::TASK_STATE_SUPERSEDED, kUnknownChoice, "Superseded", 0}, "its successor's issue");
}

void Expectations::IssueRefused(uint64_t serial) {
  std::lock_guard<std::mutex> lock(mutex_);
  tasks_.erase(serial);
}

void Expectations::IssueInDoubt(uint64_t serial) {
  std::lock_guard<std::mutex> lock(mutex_);
  Task* task = Find(serial);
  if (task == nullptr || !task->task_id.empty()) return;
  task->in_doubt = true;
  if (!task->plan.with_request_id) tasks_.erase(serial);
}

// --- Choosing ---

Expectations::Task* Expectations::Find(uint64_t serial) {
  auto found = tasks_.find(serial);
  return found == tasks_.end() ? nullptr : &found->second;
}

const Expectations::Task* Expectations::Find(uint64_t serial) const {
  auto found = tasks_.find(serial);
  return found == tasks_.end() ? nullptr : &found->second;
}

TimeMs Expectations::LatestDue(const Task& task) const {
  TimeMs latest = 0;
  for (const Due& due : task.dues) latest = std::max(latest, due.latest);
  if (task.plan.heartbeat != 0 && task.beats == 0) {
    latest = std::min(latest, std::max(task.beat_latest, ready_at_) + task.plan.heartbeat);
  }
  return latest;
}

bool Expectations::MayBeGone(const Task& task) const {
  const TimeMs kept_since = NowMs() - retention_;
  if (task.end.has_value()) return (task.end->at != 0 ? task.end->at : task.end_seen_at - kLateSlack) <= kept_since;
  // Nobody has seen how it ended.
  TimeMs earliest = INT64_MAX;
  for (const Due& due : task.dues) earliest = std::min(earliest, due.earliest);
  if (task.plan.heartbeat != 0) earliest = std::min(earliest, task.beat_floor);
  if (task.sent != 0 || task.cancel_sent || task.supersede_sent) earliest = task.acked_at;
  return earliest <= kept_since;
}

Glance Expectations::GlanceAt(const Task& task) const {
  Glance glance;
  glance.serial = task.plan.serial;
  glance.token = task.token;
  glance.task_id = task.task_id;
  glance.plan = task.plan;
  glance.ended = task.end.has_value();
  glance.choice = task.end.has_value() ? task.end->choice : kUnknownChoice;
  glance.may_be_gone = MayBeGone(task);
  glance.delivered = task.delivered_in != 0;
  glance.latest_due = LatestDue(task);
  glance.deadline_events = task.deadline_events;
  glance.at = NowMs();
  return glance;
}

std::optional<Glance> Expectations::Look(uint64_t serial) const {
  std::lock_guard<std::mutex> lock(mutex_);
  const Task* task = Find(serial);
  if (task == nullptr) return std::nullopt;
  return GlanceAt(*task);
}

std::optional<Glance> Expectations::Pick(Random& random, Kind kind) const {
  std::lock_guard<std::mutex> lock(mutex_);
  const std::vector<uint64_t>& from = kind == Kind::kOpen || (kind == Kind::kAny && random() % 2 == 0) ? open_ : ended_;
  for (int tries = 0; tries < 20 && !from.empty(); ++tries) {
    const bool recent = random() % 4 != 0 && from.size() > kRecent;
    const size_t index = recent ? from.size() - 1 - random() % kRecent : random() % from.size();
    const Task* task = Find(from[index]);
    const bool fits = task != nullptr && (kind != Kind::kOpen || !task->end.has_value());
    if (fits) return GlanceAt(*task);
    if (&from != &open_) continue;
    open_[index] = open_.back();
    open_.pop_back();
  }
  return std::nullopt;
}

std::vector<uint64_t> Expectations::All() const {
  std::lock_guard<std::mutex> lock(mutex_);
  std::vector<uint64_t> all;
  for (const auto& [serial, task] : tasks_) {
    if (!task.task_id.empty()) all.push_back(serial);
  }
  return all;
}

std::vector<uint64_t> Expectations::Touched() const {
  std::lock_guard<std::mutex> lock(mutex_);
  std::vector<uint64_t> touched;
  for (const auto& [serial, task] : tasks_) {
    if (!task.task_id.empty() && (task.touched || !task.end.has_value())) touched.push_back(serial);
  }
  return touched;
}

std::vector<uint64_t> Expectations::InDoubt() const {
  std::lock_guard<std::mutex> lock(mutex_);
  std::vector<uint64_t> doubtful;
  for (const auto& [serial, task] : tasks_) {
    if (task.in_doubt && task.task_id.empty()) doubtful.push_back(serial);
  }
  return doubtful;
}

std::vector<uint64_t> Expectations::Parked() const {
  std::lock_guard<std::mutex> lock(mutex_);
  std::vector<uint64_t> parked;
  for (const auto& [serial, task] : tasks_) {
    if (task.plan.parks && task.task_id.empty() && !task.in_doubt) parked.push_back(serial);
  }
  return parked;
}

bool Expectations::Knows(const std::string& task_id) const {
  std::lock_guard<std::mutex> lock(mutex_);
  return by_id_.contains(task_id);
}

size_t Expectations::size() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return tasks_.size();
}

// --- Care ---

void Expectations::Prune() {
  std::lock_guard<std::mutex> lock(mutex_);
  const TimeMs old = NowMs() - retention_ - retention_ / 2;
  early_.clear();
  for (auto next = tasks_.begin(); next != tasks_.end();) {
    Task& task = next->second;
    const bool forgotten = task.end.has_value() && task.end_seen_at < old && !task.touched && !IsOwed(task);
    if (forgotten) by_id_.erase(task.task_id), by_key_.erase(task.plan.key);
    next = forgotten ? tasks_.erase(next) : std::next(next);
  }
  const auto gone = [this](uint64_t serial) { return Find(serial) == nullptr; };
  open_.erase(std::remove_if(open_.begin(), open_.end(), gone), open_.end());
  ended_.erase(std::remove_if(ended_.begin(), ended_.end(), gone), ended_.end());
}

void Expectations::ClearTouched() {
  std::lock_guard<std::mutex> lock(mutex_);
  for (auto& [serial, task] : tasks_) task.touched = false;
}

}  // namespace tokenbroker::testing
