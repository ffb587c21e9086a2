// What the broker owes us: every answer it gave, and every call that it may have carried out without answering.
//
// A call is told of before it is sent and after it was answered, or was not. Whatever is seen of a task later, by
// whichever door, is held against that:
//   * a task whose issue was acknowledged is there, with what was asked for
//   * it ends once, the same for every observer, with something that was sent, or by a deadline that had passed
//   * it does not wait any more once it ended, or once its last deadline has passed
//   * what its target is told of it is just that, and it is not sent again once it is said to be delivered
//
// Deadlines are known as ranges, because a call without an answer may or may not have moved them. Thread-safe.
//
// What issues are remembered by, and which task a call may be about, is in expectations.cc; how tasks end, and may, in
// expected_ends.cc; what is seen of them, by looks, targets and the watch, in expected_looks.cc.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "tests/crash/outcomes.h"
#include "tests/crash/plan.h"
#include "tests/crash/violations.h"
#include "tokenbroker/v1/errors.pb.h"
#include "tokenbroker/v1/task_service.pb.h"

namespace tokenbroker::testing {

using Random = std::mt19937_64;

// The driver's knowledge of a task as a call begins.
struct Glance {
  uint64_t serial = 0;
  std::string token;
  std::string task_id;
  Plan plan;
  // Whether the end was known; and which choice ended it, if one did and it is known.
  bool ended = false;
  int choice = kUnknownChoice;
  // The end may have been forgotten by now.
  bool may_be_gone = false;
  // Its outcome is known to be delivered.
  bool delivered = false;
  // By then it cannot wait any more; INT64_MAX: not known.
  TimeMs latest_due = 0;
  // How often calls that move its deadline had begun or ended.
  int deadline_events = 0;
  TimeMs at = 0;
};

// A verdict, however it was delivered.
struct Answer {
  // VERDICT_UNSPECIFIED: none came; the call may or may not have been carried out.
  v1::Verdict verdict = v1::VERDICT_UNSPECIFIED;
  v1::ErrorReason reason = v1::ERROR_REASON_UNSPECIFIED;
  std::string task_id;
  std::optional<v1::ResolvedDetail> resolved;
};

class Expectations {
 public:
  // `retention`: how long ended tasks are kept.
  Expectations(Violations& violations, DurationMs retention) : violations_(violations), retention_(retention) {}

  // A start of the broker, counted from 1: heartbeats count from here again.
  size_t BrokerStarts();
  void BrokerIsReady();

  // --- Issue ---
  uint64_t NextSerial();
  void BeforeIssue(const Plan& plan);
  void AfterIssue(uint64_t serial, const v1::IssueTaskResponse& response);
  // Refused for good: it does not exist.
  void IssueRefused(uint64_t serial);
  // Nobody knows; worth asking again only with a request id.
  void IssueInDoubt(uint64_t serial);

  // --- Choosing ---
  enum class Kind { kOpen, kEnded, kAny };
  std::optional<Glance> Pick(Random& random, Kind kind) const;
  std::optional<Glance> Look(uint64_t serial) const;
  std::vector<uint64_t> All() const;
  std::vector<uint64_t> Touched() const;
  std::vector<uint64_t> InDoubt() const;
  std::vector<uint64_t> Parked() const;
  bool Knows(const std::string& task_id) const;
  size_t size() const;

  // --- Calls on tasks ---
  void BeforeSettle(uint64_t serial, int choice);
  void AfterSettle(const Glance& before, int choice, const Answer& answer);
  void AfterPark(uint64_t serial, int choice, const Answer& answer);
  // A choice that the task's contract forbids.
  void AfterForbidden(const Glance& before, const Answer& answer);
  void BeforeBeat(uint64_t serial);
  // `next_due` 0: none, or no answer.
  void AfterBeat(const Glance& before, TimeMs next_due, const Answer& answer);
  void BeforeCancel(uint64_t serial, DurationMs grace);
  void BeforeExtend(uint64_t serial, DurationMs timeout);
  // `task`: what an OK answer showed.
  void AfterDeadlineCall(const Glance& before, const v1::Task* task, const Answer& answer, const char* call);
  // A look at the task, of any kind; `full` if input and output are there.
  void AfterLook(const Glance& before, const v1::Task& task, bool full, const char* call);
  // The answer was TASK_UNKNOWN.
  void AfterUnknown(const Glance& before, const char* call);
  // The answer to a question by the task's key.
  void AfterKeyLook(const Glance& before, const v1::Task* task);

  // --- Targets ---
  // An outcome has arrived, sent by the process of this start, and was taken or not. `task_id` may be empty.
  void Arrived(uint64_t serial, const std::string& task_id, const End& end, size_t start, bool taken);
  // Outcomes that are known, and owed to a target that has not taken them.
  std::vector<uint64_t> Undelivered() const;

  // --- The watch of namespace 0 ---
  void Watched(const v1::WatchTasksResponse& change);
  // After the watch has caught up with everything before `until`.
  void CheckWatched(TimeMs until);

  // Forgets what was checked and ended so long ago that the broker forgets it, too.
  void Prune();
  void ClearTouched();

 private:
  // Between our reading of the clock and the broker's.
  static constexpr DurationMs kClockSlack = 10;
  // Between the moment when a deadline passed and the moment when a look must say so.
  static constexpr DurationMs kLateSlack = 250;

  // A deadline that may hold; `latest` INT64_MAX while the call that sets it is under way, `span` from its end.
  struct Due {
    TimeMs earliest = 0;
    TimeMs latest = 0;
    DurationMs span = 0;
  };
  struct Task {
    Plan plan;
    std::string task_id;  // empty until acknowledged
    std::string token;
    TimeMs acked_at = 0;
    TimeMs issued_at = 0;  // by the broker; 0 until seen
    std::optional<End> end;
    TimeMs end_seen_at = 0;
    bool accepted = false;
    unsigned sent = 0;  // bits of choices
    int parked = kUnknownChoice;
    bool cancel_sent = false;
    bool supersede_sent = false;
    bool touched = true;
    bool in_doubt = false;
    bool seen_issued = false;
    bool seen_resolved = false;
    std::vector<Due> dues;
    int deadline_calls = 0;     // under way
    int deadline_events = 0;    // begun or ended
    bool deadline_sole = true;  // the one under way has no rival
    TimeMs beat_floor = 0;
    TimeMs beat_latest = 0;
    int beats = 0;  // under way
    // What its target was told first.
    std::optional<End> arrived;
    bool taken = false;
    // The start whose process said that it is delivered; 0: none has.
    size_t delivered_in = 0;
  };

  Task* Find(uint64_t serial);
  const Task* Find(uint64_t serial) const;
  Glance GlanceAt(const Task& task) const;
  TimeMs LatestDue(const Task& task) const;
  bool MayBeGone(const Task& task) const;
  bool IsOwed(const Task& task) const;
  void Observe(Task& task, const End& end, const std::string& by);
  std::string Implausible(const Task& task, const End& end) const;
  std::string TooEarly(const Task& task, const End& end) const;
  void ObserveDetail(Task& task, const Answer& answer, const std::string& by);
  void CheckWaiting(Task& task, const Glance& before, const v1::Task& seen, const std::string& by);
  void CheckContent(const Task& task, const v1::Task& seen, bool full, const std::string& by);
  void CheckDelivery(Task& task, const Glance& before, const v1::Task& seen, const std::string& by);
  void Complain(const Task& task, const std::string& text);
  void MoveDue(Task& task, DurationMs from_now);
  void NoteChange(Task& task, const v1::WatchTasksResponse& change);
  void Acknowledge(Task& task, const v1::IssueTaskResponse& response);

  Violations& violations_;
  const DurationMs retention_;
  mutable std::mutex mutex_;
  uint64_t next_serial_ = 1;
  std::map<uint64_t, Task> tasks_;
  std::unordered_map<std::string, uint64_t> by_id_;
  // Of the chains of attempts.
  std::unordered_map<std::string, std::vector<uint64_t>> by_key_;
  // Changes that were seen before the answer to the issue was.
  std::unordered_map<std::string, std::vector<v1::WatchTasksResponse>> early_;
  // Serial numbers, newest last; may name tasks that are in it no more.
  mutable std::vector<uint64_t> open_;
  std::vector<uint64_t> ended_;
  std::vector<TimeMs> starts_;
  TimeMs ready_at_ = 0;
};

}  // namespace tokenbroker::testing
