// What the broker must do, written down a second time: plain maps, no disk, no log, no timers. It follows the comments
// of the protos and the table in rules.h, not the code.
//
// The simulation tells the model every call together with the broker's reply, and every change that the watch stream
// shows; the model says what is wrong, and otherwise draws the conclusions. It knows the sequence numbers of tasks from
// the replies, nothing else.
//
// Deadlines are not acted upon here, they are only known: a task whose deadline has passed counts as expired, and when
// the stream shows that it ended, the model checks that it was due. So the model needs no notion of when the broker got
// around to it.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "server/broker/catalog.h"
#include "server/broker/limits.h"
#include "server/broker/operation.h"

namespace tokenbroker::broker {

// A call, in words of its own.
struct Wish {
  enum class Naming { kToken, kId, kKey, kUpstream, kForged };

  Operation::Kind kind = Operation::Kind::kIssue;
  // Of the task: to be issued, or meant.
  std::string name_space;
  std::string key;
  std::string upstream;
  Naming naming = Naming::kToken;
  Sequence task = 0;
  // Issue.
  std::string request_id;
  uint16_t attempt = 0;
  DurationMs timeout = 0;  // also of an extension
  DurationMs heartbeat_timeout = 0;
  bool numbers_only = false;
  std::string only_error;
  std::string input;
  std::string target;
  // Resolve.
  TaskState state = TaskState::kSucceeded;
  std::string output;
  std::string error;
  std::string cause;  // also of a cancellation
  DurationMs park_for = 0;
  bool dry_run = false;
  // The others.
  std::string progress;
  DurationMs grace = 0;
  DurationMs limit = 0;

  bool MeetsContract(bool numbers_only, const std::string& only_error) const;
  bool SameRequest(const Wish& other) const;
};

// What came back, in the same words.
struct Reply {
  Reason reason = Reason::kNone;
  Verdict verdict = Verdict::kUnknown;
  Sequence task = 0;
  Sequence superseded = 0;
  bool replayed = false;
  TaskState state = TaskState::kWaiting;
  TimeMs deadline = 0;
  TimeMs next_due = 0;
  DurationMs remaining = 0;
  bool cancel_requested = false;
  RecordedOutcome recorded;
  // For looks and waits: the task, nullptr if its record is kept no longer.
  const TaskRecord* record = nullptr;
};

struct ModelTask {
  Sequence task = 0;
  Wish issued;
  uint16_t attempt = 1;
  TimeMs issued_at = 0;
  TimeMs deadline = 0;
  TimeMs beat = 0;
  bool cancel_requested = false;
  std::string cancel_reason;
  TaskState state = TaskState::kWaiting;
  std::string output;
  std::string error;
  std::string cause;
  TimeMs ended_at = 0;
  // What was said of its progress; the last one counts unless the broker was started since.
  std::set<std::string> progress;
  std::string last_progress;
  // What the watch stream has yet to show.
  std::deque<std::pair<Change::Kind, TaskState>> expected;

  TimeMs HeartbeatDue() const { return issued.heartbeat_timeout == 0 ? INT64_MAX : beat + issued.heartbeat_timeout; }
  TimeMs Due() const { return std::min(deadline, HeartbeatDue()); }
  // What its end will be called if its deadline passes.
  TaskState StateWhenDue() const {
    return cancel_requested && deadline <= HeartbeatDue() ? TaskState::kCancelled : TaskState::kExpired;
  }
  TaskState StateAt(TimeMs now) const { return state != TaskState::kWaiting || Due() > now ? state : StateWhenDue(); }
};

// When a call was made: what it means by a name may change until it is answered.
struct Moment {
  TimeMs time = 0;
  Sequence last_task = 0;
};

class Model {
 public:
  Model(const Limits& limits, const RetentionPolicy& retention) : limits_(limits), retention_(retention) {}

  // Checks the reply to a call, and takes over what it did. Replies are to be judged in the order in which they were
  // given.
  void Judge(const Wish& wish, const Reply& reply, Moment asked, TimeMs now);
  // The next change of the watch stream.
  void Observe(const Change& change);
  // A deadline that passed, found in the log before the stream shows it.
  void Expire(const storage::ResolvedEntry& entry);
  // The broker was started.
  void Restarted(TimeMs now);
  // The broker had time to do what is due at `now`.
  void CheckNothingMissed(TimeMs now);
  void CheckList(const std::string& name_space, bool only_waiting, const std::vector<Sequence>& listed, TimeMs now);
  void CheckStreamIsComplete();

  ModelTask* Find(Sequence task);
  Moment MomentAt(TimeMs now) const { return {now, last_task_}; }
  const std::map<Sequence, ModelTask>& tasks() const { return tasks_; }
  bool IsParked(const std::string& name_space, const std::string& key, TimeMs now) const;
  // Whether the broker may have forgotten the task.
  bool MayBeForgotten(const ModelTask& task, TimeMs now) const {
    return task.state != TaskState::kWaiting && now - task.ended_at >= retention_.resolved;
  }

  bool disk_full = false;
  // The broker is so short of room for expiries that it may be behind with what is due.
  bool lags = false;

  // The first thing that was wrong; empty if nothing was.
  const std::string& wrong() const { return wrong_; }
  void Wrong(std::string what);

 private:
  using Name = std::pair<std::string, std::string>;
  struct Parked {
    Wish wish;
    TimeMs keep_until = 0;
  };

  void JudgeIssue(const Wish& wish, const Reply& reply, Moment asked, TimeMs now);
  // The parked outcome that ends the task as soon as it is issued, null if there is none.
  const Wish* ParkedFor(const Wish& issue, TimeMs now) const;
  Reason ExpectedRefusal(const Wish& wish, TimeMs now, Sequence& superseded) const;
  void ApplyIssue(const Wish& wish, const Reply& reply, TimeMs now);
  void JudgeResolve(const Wish& wish, const Reply& reply, Moment asked, TimeMs now);
  void JudgeWithoutTask(const Wish& wish, const Reply& reply, TimeMs now);
  void JudgeOpen(ModelTask& task, const Wish& wish, const Reply& reply, TimeMs now);
  void JudgeLook(const Wish& wish, const Reply& reply, Moment asked, TimeMs now);
  void CheckRecord(const ModelTask& task, const TaskRecord& record, TimeMs now);
  void CheckEnded(const ModelTask& task, const Reply& reply, TimeMs now);
  void End(ModelTask& task, TaskState state, const Wish& how, TimeMs now);
  // The task that the call means. One that was answered late may have found the one that had the name when it was made.
  ModelTask* Named(const Wish& wish, const Reply& reply, Moment asked, TimeMs now);
  ModelTask* Holder(const std::vector<Sequence>& holders, const Reply& reply, Moment asked, TimeMs now);
  size_t Open(const std::string& name_space, TimeMs now) const;
  bool Check(bool right, const std::string& what);

  const Limits limits_;
  const RetentionPolicy retention_;
  std::map<Sequence, ModelTask> tasks_;
  // All that ever had the name, the last one at the end; 0 where an outcome was parked after they were forgotten.
  std::map<Name, std::vector<Sequence>> keys_;
  std::map<std::string, std::vector<Sequence>> upstreams_;
  std::map<Name, Sequence> requests_;
  std::map<Name, Parked> parked_;
  Sequence last_task_ = 0;
  std::string wrong_;
};

}  // namespace tokenbroker::broker
