#include "tests/simulation/model.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace tokenbroker::broker {
namespace {

Reason RefusalOf(TaskState state) {
  switch (state) {
    case TaskState::kExpired:
      return Reason::kTaskExpired;
    case TaskState::kCancelled:
      return Reason::kTaskCancelled;
    case TaskState::kSuperseded:
      return Reason::kTaskSuperseded;
    default:
      return Reason::kTaskAlreadyResolved;
  }
}

Verdict VerdictOf(TaskState state) {
  switch (state) {
    case TaskState::kExpired:
      return Verdict::kExpired;
    case TaskState::kCancelled:
      return Verdict::kCancelled;
    case TaskState::kSuperseded:
      return Verdict::kSuperseded;
    default:
      return Verdict::kConflict;
  }
}

std::string Say(Reason reason) { return reason == Reason::kNone ? "OK" : InfoOf(reason).name; }
std::string Say(Verdict verdict) { return absl::StrCat("verdict ", static_cast<int>(verdict)); }
std::string Say(TaskState state) { return absl::StrCat("state ", static_cast<int>(state)); }

}  // namespace

bool Wish::MeetsContract(bool numbers, const std::string& allowed) const {
  if (state == TaskState::kSucceeded) return !numbers || output[0] != '"';
  return allowed.empty() || error == allowed;
}

bool Wish::SameRequest(const Wish& other) const {
  return key == other.key && upstream == other.upstream &&
         std::max<uint16_t>(attempt, 1) == std::max<uint16_t>(other.attempt, 1) && timeout == other.timeout &&
         heartbeat_timeout == other.heartbeat_timeout && numbers_only == other.numbers_only &&
         only_error == other.only_error && input == other.input;
}

void Model::Wrong(std::string what) {
  if (wrong_.empty()) wrong_ = std::move(what);
}

bool Model::Check(bool right, const std::string& what) {
  if (!right) Wrong(what);
  return right;
}

ModelTask* Model::Find(Sequence task) {
  auto found = tasks_.find(task);
  return found == tasks_.end() ? nullptr : &found->second;
}

bool Model::IsParked(const std::string& name_space, const std::string& key, TimeMs now) const {
  auto found = parked_.find({name_space, key});
  return found != parked_.end() && found->second.keep_until > now;
}

ModelTask* Model::Holder(const std::vector<Sequence>& holders, const Reply& reply, Moment asked, TimeMs now) {
  for (auto holder = holders.rbegin(); holder != holders.rend(); ++holder) {
    ModelTask* task = Find(*holder);
    const bool forgotten = reply.reason == Reason::kTaskUnknown && task != nullptr && MayBeForgotten(*task, now);
    if (forgotten || *holder == reply.task) return task;
    if (*holder != 0 && *holder <= asked.last_task) break;
  }
  return Find(holders.back());
}

ModelTask* Model::Named(const Wish& wish, const Reply& reply, Moment asked, TimeMs now) {
  switch (wish.naming) {
    case Wish::Naming::kToken:
    case Wish::Naming::kId:
      return Find(wish.task);
    case Wish::Naming::kKey: {
      auto found = keys_.find({wish.name_space, wish.key});
      return found == keys_.end() ? nullptr : Holder(found->second, reply, asked, now);
    }
    case Wish::Naming::kUpstream: {
      auto found = upstreams_.find(wish.upstream);
      return found == upstreams_.end() ? nullptr : Holder(found->second, reply, asked, now);
    }
    case Wish::Naming::kForged:
      return nullptr;
  }
  return nullptr;
}

size_t Model::Open(const std::string& name_space, TimeMs now) const {
  return std::count_if(tasks_.begin(), tasks_.end(), [&](const auto& entry) {
    return entry.second.issued.name_space == name_space && entry.second.StateAt(now) == TaskState::kWaiting;
  });
}

void Model::Judge(const Wish& wish, const Reply& reply, Moment asked, TimeMs now) {
  switch (wish.kind) {
    case Operation::Kind::kIssue:
      return JudgeIssue(wish, reply, asked, now);
    case Operation::Kind::kResolve:
      return JudgeResolve(wish, reply, asked, now);
    case Operation::Kind::kLocate:
    case Operation::Kind::kAwait:
      return JudgeLook(wish, reply, asked, now);
    default:
      break;
  }
  ModelTask* task = Named(wish, reply, asked, now);
  if (task == nullptr || (reply.reason == Reason::kTaskUnknown && MayBeForgotten(*task, now))) {
    Check(reply.reason == Reason::kTaskUnknown,
          absl::StrCat("an unknown task is not called unknown but ", Say(reply.reason)));
    return;
  }
  if (task->StateAt(now) == TaskState::kWaiting) return JudgeOpen(*task, wish, reply, now);
  if (wish.kind == Operation::Kind::kCancel && task->StateAt(now) == TaskState::kCancelled) {
    Check(reply.reason == Reason::kNone, "cancelling a cancelled task is refused");
    return;
  }
  Check(reply.reason == RefusalOf(task->StateAt(now)),
        absl::StrCat("task ", task->task, " in ", Say(task->StateAt(now)), " answers ", Say(reply.reason)));
  CheckEnded(*task, reply, now);
}

// --- Issue ---

const Wish* Model::ParkedFor(const Wish& issue, TimeMs now) const {
  auto parked = issue.key.empty() ? parked_.end() : parked_.find({issue.name_space, issue.key});
  if (parked == parked_.end() || parked->second.keep_until <= now) return nullptr;
  const Wish& outcome = parked->second.wish;
  return outcome.MeetsContract(issue.numbers_only, issue.only_error) ? &outcome : nullptr;
}

Reason Model::ExpectedRefusal(const Wish& wish, TimeMs now, Sequence& superseded) const {
  superseded = 0;
  if (disk_full) return Reason::kDiskFull;
  auto holder = wish.key.empty() ? keys_.end() : keys_.find({wish.name_space, wish.key});
  if (holder != keys_.end() && holder->second.back() != 0) {
    const ModelTask& task = tasks_.at(holder->second.back());
    if (task.StateAt(now) == TaskState::kWaiting) {
      if (wish.attempt != 0 && wish.attempt < task.attempt) return Reason::kTaskSuperseded;
      if (wish.attempt <= task.attempt) return Reason::kCorrelationKeyInUse;
      superseded = task.task;
    }
  }
  const bool stays_open = superseded == 0 && ParkedFor(wish, now) == nullptr;
  if (stays_open && Open(wish.name_space, now) >= limits_.open_tasks_per_namespace) return Reason::kNamespaceLimit;
  auto other = wish.upstream.empty() ? upstreams_.end() : upstreams_.find(wish.upstream);
  if (other == upstreams_.end() || other->second.back() == superseded) return Reason::kNone;
  return tasks_.at(other->second.back()).StateAt(now) == TaskState::kWaiting ? Reason::kUpstreamTokenInUse
                                                                             : Reason::kNone;
}

void Model::JudgeIssue(const Wish& wish, const Reply& reply, Moment asked, TimeMs now) {
  auto known = wish.request_id.empty() ? requests_.end() : requests_.find({wish.name_space, wish.request_id});
  if (known != requests_.end()) {
    const ModelTask& task = tasks_.at(known->second);
    if (reply.reason == Reason::kRequestIdReused) {
      Check(!wish.SameRequest(task.issued), "the same request is called another one");
      return;
    }
    if (reply.reason == Reason::kNone && reply.replayed) {
      Check(wish.SameRequest(task.issued), "another request is taken for the same");
      Check(reply.task == task.task, absl::StrCat("request of task ", task.task, " answers with task ", reply.task));
      const bool waited = task.state == TaskState::kWaiting ? task.Due() > asked.time : task.ended_at >= asked.time;
      Check(reply.state == task.StateAt(now) || (reply.state == TaskState::kWaiting && waited),
            absl::StrCat("a repeated request says ", Say(reply.state), " of ", Say(task.StateAt(now))));
      return;
    }
    if (!Check(MayBeForgotten(task, now),
               absl::StrCat("the request id of task ", task.task, " is forgotten: ", Say(reply.reason))))
      return;
  }
  Check(!reply.replayed, "a new request is taken for a known one");
  Sequence superseded = 0;
  const Reason expected = ExpectedRefusal(wish, now, superseded);
  if (lags && reply.reason == Reason::kNamespaceLimit) return;  // what is overdue still counts as open
  if (!Check(reply.reason == expected,
             absl::StrCat("issuing is answered ", Say(reply.reason), ", not ", Say(expected))))
    return;
  if (expected != Reason::kNone) return;
  Check(reply.superseded == superseded, absl::StrCat("superseded is ", reply.superseded, ", not ", superseded));
  ApplyIssue(wish, reply, now);
}

void Model::ApplyIssue(const Wish& wish, const Reply& reply, TimeMs now) {
  Check(reply.task > last_task_, absl::StrCat("task ", reply.task, " is not newer than ", last_task_));
  Check(reply.deadline == now + wish.timeout, "the deadline is not now plus the timeout");
  last_task_ = std::max(last_task_, reply.task);
  if (ModelTask* older = reply.superseded == 0 ? nullptr : Find(reply.superseded)) {
    const std::string cause = absl::StrCat("by attempt ", std::max<int>(wish.attempt, 1));
    End(*older, TaskState::kSuperseded, Wish{.error = "Superseded", .cause = cause}, now);
  }
  ModelTask& task = tasks_[reply.task];
  task.task = reply.task;
  task.issued = wish;
  task.attempt = std::max<uint16_t>(wish.attempt, 1);
  task.issued_at = task.beat = now;
  task.deadline = now + wish.timeout;
  task.expected.push_back({Change::Kind::kIssued, TaskState::kWaiting});
  if (!wish.request_id.empty()) requests_[{wish.name_space, wish.request_id}] = task.task;
  if (!wish.upstream.empty()) upstreams_[wish.upstream].push_back(task.task);
  if (wish.key.empty()) return;
  keys_[{wish.name_space, wish.key}].push_back(task.task);
  if (!parked_.contains({wish.name_space, wish.key})) return;
  if (const Wish* outcome = ParkedFor(wish, now)) End(task, outcome->state, *outcome, now);
  parked_.erase({wish.name_space, wish.key});
  Check(reply.state == task.state, absl::StrCat("a new task begins in ", Say(reply.state), ", not ", Say(task.state)));
}

// --- Resolve ---

void Model::End(ModelTask& task, TaskState state, const Wish& how, TimeMs now) {
  Check(task.state == TaskState::kWaiting, absl::StrCat("task ", task.task, " ends twice"));
  task.state = state;
  task.output = how.output;
  task.error = how.error;
  task.cause = how.cause;
  task.ended_at = now;
  task.expected.push_back({Change::Kind::kResolved, state});
}

void Model::JudgeResolve(const Wish& wish, const Reply& reply, Moment asked, TimeMs now) {
  ModelTask* task = Named(wish, reply, asked, now);
  const bool unknown = reply.verdict == Verdict::kUnknown || reply.verdict == Verdict::kParked ||
                       reply.reason == Reason::kNamespaceLimit;
  if (task == nullptr || (unknown && MayBeForgotten(*task, now))) return JudgeWithoutTask(wish, reply, now);
  if (reply.reason == Reason::kContractViolation) {
    // Found while the task still waited, if only when the call was made.
    Check(!wish.MeetsContract(task->issued.numbers_only, task->issued.only_error),
          "a contract is called broken that is not");
    Check(task->state == TaskState::kWaiting ? task->Due() > asked.time : task->ended_at >= asked.time,
          "a contract is held against a task that does not wait");
    return;
  }
  const TaskState state = task->StateAt(now);
  if (state == TaskState::kWaiting) {
    Check(wish.MeetsContract(task->issued.numbers_only, task->issued.only_error),
          absl::StrCat("an outcome that breaks the contract of task ", task->task, " gets ", Say(reply.verdict)));
    Check(reply.verdict == Verdict::kAccepted,
          absl::StrCat("waiting task ", task->task, " gets ", Say(reply.verdict), " ", Say(reply.reason)));
    Check(reply.task == task->task, absl::StrCat("task ", reply.task, " was resolved, not ", task->task));
    if (!wish.dry_run && wrong_.empty()) End(*task, wish.state, wish, now);
    return;
  }
  const bool same =
      state == wish.state && task->output == wish.output && task->error == wish.error && task->cause == wish.cause;
  const Verdict expected = same ? Verdict::kReplayed : VerdictOf(state);
  Check(reply.verdict == expected,
        absl::StrCat("task ", task->task, " in ", Say(state), " gets ", Say(reply.verdict), ", not ", Say(expected)));
  if (!same) CheckEnded(*task, reply, now);
}

void Model::JudgeWithoutTask(const Wish& wish, const Reply& reply, TimeMs now) {
  if (wish.naming != Wish::Naming::kKey) {
    Check(reply.verdict == Verdict::kUnknown && reply.reason == Reason::kTaskUnknown,
          absl::StrCat("an unknown task gets ", Say(reply.verdict)));
    return;
  }
  const Name name(wish.name_space, wish.key);
  auto parked = parked_.find(name);
  if (parked != parked_.end() && parked->second.keep_until > now) {
    const Wish& first = parked->second.wish;
    const bool same = first.state == wish.state && first.output == wish.output && first.error == wish.error &&
                      first.cause == wish.cause;
    Check(reply.verdict == (same ? Verdict::kParked : Verdict::kConflict),
          absl::StrCat("an outcome that is parked for ", parked->second.keep_until - now, " ms more gets ",
                       Say(reply.verdict)));
    return;
  }
  if (wish.park_for < 0) {
    Check(reply.verdict == Verdict::kUnknown, absl::StrCat("not to be parked, but gets ", Say(reply.verdict)));
    return;
  }
  const auto in_namespace = [&](const auto& entry) {
    return entry.first.first == name.first && entry.second.keep_until > now;
  };
  const size_t count = std::count_if(parked_.begin(), parked_.end(), in_namespace);
  if (count >= limits_.parked_per_namespace) {
    Check(reply.reason == Reason::kNamespaceLimit, absl::StrCat("more is parked than allowed: ", Say(reply.verdict)));
    return;
  }
  if (lags && reply.reason == Reason::kNamespaceLimit) return;  // what is overdue still counts as parked
  Check(reply.verdict == Verdict::kParked && reply.reason == Reason::kNone,
        absl::StrCat("an early callback gets ", Say(reply.verdict)));
  if (wish.dry_run) return;
  if (keys_.contains(name)) keys_[name].push_back(0);
  parked_[name] = {wish, now + (wish.park_for == 0 ? kDefaultParkTime : wish.park_for)};
}

// --- The others ---

void Model::JudgeOpen(ModelTask& task, const Wish& wish, const Reply& reply, TimeMs now) {
  const bool too_late = wish.kind == Operation::Kind::kExtend && task.cancel_requested;
  if (!Check(reply.reason == (too_late ? Reason::kCancelRequested : Reason::kNone),
             absl::StrCat("waiting task ", task.task, " answers: ", Say(reply.reason))) ||
      too_late)
    return;
  Check(reply.task == task.task, absl::StrCat("task ", reply.task, " was meant to be ", task.task));
  if (wish.kind == Operation::Kind::kHeartbeat) {
    task.beat = now;
    if (!wish.progress.empty()) task.progress.insert(task.last_progress = wish.progress);
    Check(reply.next_due == (task.issued.heartbeat_timeout == 0 ? 0 : task.Due()), "next_due is wrong");
    Check(reply.remaining == task.deadline - now, "remaining is wrong");
    Check(reply.cancel_requested == task.cancel_requested, "cancel_requested is wrong");
  } else if (wish.kind == Operation::Kind::kExtend) {
    task.deadline = now + wish.timeout;
    task.expected.push_back({Change::Kind::kDeadlineChanged, TaskState::kWaiting});
  } else if (wish.grace > 0) {
    task.deadline = std::min(task.deadline, now + wish.grace);
    task.cancel_requested = true;
    if (!wish.cause.empty()) task.cancel_reason = wish.cause;
    task.expected.push_back({Change::Kind::kCancelRequested, TaskState::kWaiting});
  } else {
    const std::string& cause = wish.cause.empty() ? task.cancel_reason : wish.cause;
    End(task, TaskState::kCancelled, Wish{.error = "Cancelled", .cause = cause}, now);
  }
}

void Model::CheckEnded(const ModelTask& task, const Reply& reply, TimeMs now) {
  Check(reply.recorded.state == task.StateAt(now),
        absl::StrCat("task ", task.task, " is said to be in ", Say(reply.recorded.state)));
  if (task.state == TaskState::kWaiting) return;  // expired, and nobody has seen it yet
  Check(reply.recorded.error == task.error, absl::StrCat("task ", task.task, " has another error on record"));
  Check(reply.recorded.time == task.ended_at, absl::StrCat("task ", task.task, " ended at another time"));
}

void Model::JudgeLook(const Wish& wish, const Reply& reply, Moment asked, TimeMs now) {
  if (wish.kind == Operation::Kind::kAwait && reply.reason == Reason::kOverloaded) return;
  const ModelTask* task = Named(wish, reply, asked, now);
  if (task == nullptr) {
    Check(reply.reason == Reason::kTaskUnknown, absl::StrCat("an unknown task is seen: ", Say(reply.reason)));
    return;
  }
  const bool seen = reply.reason == Reason::kNone && reply.record != nullptr;
  if (!seen && MayBeForgotten(*task, now)) return;
  if (!Check(seen, absl::StrCat("task ", task->task, " is not seen: ", Say(reply.reason)))) return;
  Check(reply.record->task == task->task, absl::StrCat("task ", reply.record->task, " is seen, not ", task->task));
  CheckRecord(*task, *reply.record, now);
}

void Model::CheckRecord(const ModelTask& task, const TaskRecord& record, TimeMs now) {
  const std::string name = absl::StrCat("task ", task.task);
  Check(record.state == task.StateAt(now),
        absl::StrCat(name, " is seen in ", Say(record.state), ", not ", Say(task.StateAt(now))));
  Check(record.issued.input == task.issued.input && record.issued.attempt == task.attempt,
        name + " has another content");
  Check(record.deadline == task.deadline, name + " is seen with another deadline");
  Check(record.cancel_requested == task.cancel_requested, name + " is seen with another cancel_requested");
  if (record.state == TaskState::kWaiting) {
    Check(task.last_progress.empty() ? record.progress.empty() || task.progress.contains(record.progress)
                                     : record.progress == task.last_progress,
          name + " is seen with another progress");
  } else if (task.state != TaskState::kWaiting) {
    Check(record.outcome->output == task.output && record.outcome->error == task.error &&
              record.outcome->cause == task.cause && record.outcome->time == task.ended_at,
          name + " is seen with another outcome");
  }
}

// --- The stream ---

void Model::Expire(const storage::ResolvedEntry& entry) {
  ModelTask* task = Find(entry.task);
  if (!Check(task != nullptr, absl::StrCat("task ", entry.task, " expires and was never issued"))) return;
  const std::string name = absl::StrCat("task ", entry.task);
  Check(task->Due() <= entry.time, absl::StrCat(name, " expires ", task->Due() - entry.time, " ms early"));
  Check(entry.due == task->Due(), absl::StrCat(name, " was due at ", task->Due(), ", not ", entry.due));
  Check(entry.state == task->StateWhenDue(), absl::StrCat(name, " expires into ", Say(entry.state)));
  const bool total = task->deadline <= task->HeartbeatDue();
  if (entry.state == TaskState::kExpired)
    Check(entry.error == (total ? "Timeout" : "HeartbeatTimeout"), name + " expires with another error");
  if (entry.state == TaskState::kCancelled && !task->cancel_reason.empty())
    Check(entry.cause == task->cancel_reason, name + " is cancelled for another reason");
  End(*task, entry.state, Wish{.error = std::string(entry.error), .cause = std::string(entry.cause)}, entry.time);
}

void Model::Observe(const Change& change) {
  ModelTask* task = Find(change.task->task);
  const std::string name = absl::StrCat("task ", change.task->task);
  if (!Check(task != nullptr, name + " is in the stream and was never issued")) return;
  if (change.kind == Change::Kind::kProgress) {
    Check(task->progress.contains(change.task->progress), name + " has a progress that nobody reported");
    return;
  }
  const bool by_broker = change.kind == Change::Kind::kResolved && change.task->outcome->resolved_by == "broker";
  if (task->expected.empty() && by_broker) Expire(*change.task->outcome);
  if (!Check(!task->expected.empty(),
             absl::StrCat(name, " has a change that nobody made: ", static_cast<int>(change.kind))))
    return;
  const auto [kind, state] = task->expected.front();
  task->expected.pop_front();
  Check(kind == change.kind && state == change.task->state,
        absl::StrCat(name, " shows change ", static_cast<int>(change.kind), " instead of ", static_cast<int>(kind)));
  if (kind == Change::Kind::kResolved) CheckRecord(*task, *change.task, change.time);
}

void Model::CheckStreamIsComplete() {
  for (const auto& [id, task] : tasks_) {
    if (!Check(task.expected.empty(), absl::StrCat("the stream lacks a change of task ", id))) return;
  }
}

void Model::Restarted(TimeMs now) {
  for (auto& [id, task] : tasks_) {
    if (task.state == TaskState::kWaiting) task.beat = now;
    task.last_progress.clear();
  }
}

void Model::CheckNothingMissed(TimeMs now) {
  for (const auto& [id, task] : tasks_) {
    if (task.state != TaskState::kWaiting) continue;
    if (!Check(task.Due() > now, absl::StrCat("task ", id, " was due ", now - task.Due(), " ms ago"))) return;
  }
}

void Model::CheckList(const std::string& name_space, bool only_waiting, const std::vector<Sequence>& listed,
                      TimeMs now) {
  Check(
      std::is_sorted(listed.begin(), listed.end()) && std::adjacent_find(listed.begin(), listed.end()) == listed.end(),
      "a list is not in order");
  const std::set<Sequence> there(listed.begin(), listed.end());
  for (Sequence task : there) {
    const ModelTask* known = Find(task);
    if (!Check(known != nullptr && known->issued.name_space == name_space,
               absl::StrCat("a list has the foreign task ", task)))
      return;
    Check(!only_waiting || known->state == TaskState::kWaiting, absl::StrCat("a list of waiting tasks has ", task));
  }
  for (const auto& [id, task] : tasks_) {
    if (task.issued.name_space != name_space || there.contains(id)) continue;
    const bool may_lack = task.state != TaskState::kWaiting && (only_waiting || MayBeForgotten(task, now));
    if (!Check(may_lack, absl::StrCat("a list lacks task ", id, " in ", Say(task.state)))) return;
  }
}

}  // namespace tokenbroker::broker
