#include "tests/crash/expectations.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>

#include "absl/strings/str_cat.h"
#include "tests/testing/broker_client.h"
#include "tests/testing/broker_process.h"

namespace tokenbroker::testing {
namespace {

// Between our reading of the clock and the broker's.
constexpr DurationMs kClockSlack = 10;
// Between the moment when a deadline passed and the moment when a look must say so.
constexpr DurationMs kLateSlack = 250;
constexpr size_t kViolationsShown = 50;
constexpr size_t kRecent = 3000;

bool Waits(const v1::Task& task) { return task.state() == v1::TASK_STATE_WAITING; }

// What an engine ends itself it need not be told.
bool IsDelivered(v1::TaskState state) {
  return state == v1::TASK_STATE_SUCCEEDED || state == v1::TASK_STATE_FAILED || state == v1::TASK_STATE_EXPIRED;
}

bool HasOutput(const v1::Task& task, bool full) { return full || !task.outcome().output().empty(); }

}  // namespace

void Violations::Add(const std::string& text) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (++count_ <= kViolationsShown) std::fprintf(stderr, "VIOLATION %zu: %s\n", count_, text.c_str());
}

size_t Violations::count() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return count_;
}

std::string NamespaceName(int name_space) { return absl::StrCat("crash-", name_space); }

std::string TargetName(Target target) {
  switch (target) {
    case Target::kNone:
      return "";
    case Target::kEngine:
      return "engine";
    case Target::kHook:
      return "hook";
  }
  return "";
}

std::string Plan::EngineToken() const {
  return target == Target::kEngine ? absl::StrCat(kEngineTokenPrefix, serial) : "";
}

std::string InputOf(const Plan& plan) {
  if (plan.input_bytes == 0) return "";
  return absl::StrCat("{\"serial\":", plan.serial, ",\"pad\":\"", std::string(plan.input_bytes, 'i'), "\"}");
}

v1::IssueTaskRequest Plan::Request() const {
  v1::IssueTaskRequest request;
  request.set_namespace_(NamespaceName(name_space));
  if (with_request_id) request.set_request_id(absl::StrCat("request-", serial));
  request.set_correlation_key(key);
  request.set_attempt(attempt);
  request.set_input(InputOf(*this));
  request.set_summary(absl::StrCat("serial ", serial));
  (*request.mutable_labels())["serial"] = absl::StrCat(serial);
  *request.mutable_timeout() = ToDuration(timeout);
  if (heartbeat != 0) *request.mutable_heartbeat_timeout() = ToDuration(heartbeat);
  request.set_target(TargetName(target));
  request.set_upstream_token(EngineToken());
  if (with_contract) {
    request.mutable_contract()->set_output_schema(R"({"type":"object","required":["serial","choice"]})");
    for (int choice = 1; choice < kChoices; choice += 2)
      request.mutable_contract()->add_allowed_errors(ErrorOf(choice));
  }
  return request;
}

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
