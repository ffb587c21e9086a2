// One task with everything that is recorded about it, put together from memory and store.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "server/broker/operation.h"
#include "storage/log_entry.h"

namespace tokenbroker::broker {

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
  std::string progress;
  TimeMs progress_at = 0;

  std::string issued_bytes;
  std::string outcome_bytes;
};

using TaskRecordPtr = std::unique_ptr<TaskRecord>;

}  // namespace tokenbroker::broker
