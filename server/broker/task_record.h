// One task with everything that is recorded about it, put together from memory and store.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "server/broker/operation.h"
#include "storage/log_entry.h"

namespace tokenbroker::broker {

// What became of the delivery of an outcome that is owed to a target.
struct DeliveryRecord {
  DeliveryState state = DeliveryState::kPending;
  // 0: nothing is recorded yet.
  TimeMs time = 0;
  uint32_t tries = 0;
  std::string code;
  std::string message;
  std::string by;
  bool may_have_arrived = false;
};

// Not movable: the entries are views into the bytes beside them.
struct TaskRecord {
  TaskRecord() = default;
  TaskRecord(const TaskRecord&) = delete;
  TaskRecord& operator=(const TaskRecord&) = delete;

  Sequence task = 0;
  TaskState state = TaskState::kWaiting;
  storage::IssuedEntry issued;
  // Set unless the task waits.
  std::optional<storage::ResolvedEntry> outcome;
  TimeMs deadline = 0;
  // 0: none since the broker started.
  TimeMs last_heartbeat = 0;
  bool cancel_requested = false;
  // Set if the outcome is owed to a target, or was.
  std::optional<DeliveryRecord> delivery;
  // Where the outcome is recorded; 0 while the task waits.
  Sequence outcome_at = 0;
  std::string progress;
  TimeMs progress_at = 0;

  std::string issued_bytes;
  std::string outcome_bytes;
};

using TaskRecordPtr = std::unique_ptr<TaskRecord>;

}  // namespace tokenbroker::broker
