// Reads tasks: one by one, in lists, and as a stream of changes.
//
// Reads the store, so callers must be threads that may block. Thread-safe.
#pragma once

#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "server/broker/limits.h"
#include "server/broker/operation.h"
#include "server/broker/shard_state.h"
#include "server/broker/task_record.h"
#include "storage/token_store.h"

namespace tokenbroker::broker {

// Every condition that is set must hold.
struct TaskFilter {
  std::vector<TaskState> states;
  std::vector<std::pair<std::string, std::string>> labels;
  std::string correlation_key_prefix;
  std::string target;
  DurationMs min_age = 0;
  DurationMs max_age = 0;  // 0: any

  bool OnlyWaiting() const { return states.size() == 1 && states[0] == TaskState::kWaiting; }
};

// Places in the log, in order, of what a list may show: found once for a call, then loaded a few at a time.
struct Candidates {
  std::vector<Sequence> places;
  // Where to go on behind them; 0 at the end.
  Sequence beyond = 0;
  // So many of them are dealt with.
  size_t taken = 0;

  bool done() const { return taken == places.size(); }
  Sequence Take() { return places[taken++]; }
  // Where the next page begins; 0 at the end.
  Sequence next() const { return done() ? beyond : places[taken]; }
};

struct Change {
  enum class Kind { kIssued, kProgress, kDeadlineChanged, kCancelRequested, kResolved };
  Kind kind;
  Sequence sequence;
  TimeMs time;
  // As the change left it.
  TaskRecordPtr task;
};

struct ChangePage {
  std::vector<Change> changes;
  // Read up to here, whether anything was found or not.
  Sequence read_to = 0;
};

// Every condition that is set must hold.
struct DeliveryFilter {
  // Empty: those that are owed, and dead letters.
  std::vector<DeliveryState> states;
  // Empty: all.
  std::string name_space;
  std::string target;

  bool Wants(DeliveryState state) const;
  // Whether memory knows all that pass.
  bool OnlyOpen() const;
};

// Outcomes that are owed, or dead letters.
struct OwedPage {
  std::vector<Sequence> outcomes;
  Sequence next = 0;
};

class Catalog {
 public:
  Catalog(const storage::TokenStore& store, ShardState& state, std::mutex& mutex)
      : store_(store), state_(state), mutex_(mutex) {}

  // Completes what Locate found. NOT_FOUND if the record is kept no longer.
  absl::StatusOr<TaskRecordPtr> Load(const Located& located) const;

  // Tasks from `from` on, in the order they were issued, that may pass the filter. Examines a bounded number of
  // records.
  absl::StatusOr<Candidates> TaskCandidates(const TaskFilter& filter, Sequence from) const;
  // Takes candidates until `size` of them, tasks of the namespace, have passed, or none is left.
  absl::StatusOr<std::vector<TaskRecordPtr>> List(std::string_view name_space, const TaskFilter& filter,
                                                  Candidates& candidates, size_t size, TimeMs now) const;

  // The changes behind `after` and up to `committed`. Examines a bounded number of records. OUT_OF_RANGE if they are
  // kept no longer.
  absl::StatusOr<ChangePage> Changes(std::string_view name_space, const TaskFilter& filter, Sequence after,
                                     Sequence committed, size_t size, TimeMs now) const;

  // --- Deliveries ---

  // The task that ended with this outcome. NOT_FOUND if its records are kept no longer.
  absl::StatusOr<TaskRecordPtr> LoadOutcomeAt(Sequence outcome_at) const;
  // Outcomes from `from` on, in the order in which they were recorded, whose deliveries may pass the filter. Examines a
  // bounded number of records.
  absl::StatusOr<Candidates> DeliveryCandidates(const DeliveryFilter& filter, Sequence from) const;
  // Takes candidates until `size` of them have passed, or none is left.
  absl::StatusOr<std::vector<TaskRecordPtr>> Deliveries(const DeliveryFilter& filter, Candidates& candidates,
                                                        size_t size) const;
  // At most `size` outcomes that pass, from memory alone, for filters that are OnlyOpen.
  OwedPage Owed(const DeliveryFilter& filter, Sequence from, size_t size) const;

 private:
  absl::StatusOr<TaskRecordPtr> LoadIssued(Sequence task) const;
  absl::Status LoadOutcome(TaskRecord& record, Sequence outcome_at) const;
  // The same of the bytes that stand there.
  absl::Status TakeOutcome(TaskRecord& record, Sequence outcome_at, std::string bytes) const;
  absl::Status LoadDelivery(TaskRecord& record) const;
  // Outcomes in the log that are or were owed to a target, whatever became of them.
  absl::StatusOr<OwedPage> OwedInLog(const DeliveryFilter& filter, Sequence from) const;
  absl::StatusOr<Located> LocateAny(Sequence task) const;
  // The task, if it is kept and passes the filter; else nothing.
  absl::StatusOr<TaskRecordPtr> LoadIfPasses(Sequence task, std::string_view name_space, const TaskFilter& filter,
                                             TimeMs now) const;
  std::vector<Sequence> WaitingFrom(Sequence from, size_t max) const;
  // Some of the tasks from `from` on that are kept: all, those with held copies below `below`, those whose issue is in
  // the log. `scanned_to` says where to go on; 0 at the end.
  absl::StatusOr<std::vector<Sequence>> KeptFrom(Sequence from, Sequence& scanned_to) const;
  absl::StatusOr<std::vector<Sequence>> HeldFrom(Sequence from, Sequence below, Sequence& scanned_to) const;
  absl::StatusOr<std::vector<Sequence>> IssuedFrom(Sequence from, Sequence& scanned_to) const;
  absl::StatusOr<bool> WasUndone(Sequence place) const;
  absl::StatusOr<std::optional<Change>> ChangeFrom(const storage::LogRecord& record, std::string_view name_space) const;

  const storage::TokenStore& store_;
  ShardState& state_;  // guarded by mutex_
  std::mutex& mutex_;
};

}  // namespace tokenbroker::broker
