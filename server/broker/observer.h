// What happens in the broker, for metrics and logs. The rules call it and know nothing of either.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "absl/status/status.h"
#include "base/clock.h"
#include "server/broker/operation.h"

namespace tokenbroker::broker {

// What has a bound, and can be full. A call is refused then; progress alone is not kept, and its heartbeat is taken.
enum class Queue : uint8_t { kCommit, kReads, kAwaits, kParked, kProgress, kCancelReasons };

// Called from the broker's threads, partly under its lock: implementations must be quick and must not call back.
class Observer {
 public:
  virtual ~Observer() = default;
  // These three once a round of operations, for all in it that it was true of (tally.h).
  virtual void Issued(size_t tasks) {}
  virtual void Resolved(TaskState state, size_t tasks) {}
  virtual void Beat(size_t tasks) {}
  virtual void Expired(DurationMs late) {}
  // Parked outcomes whose senders were told PARKED, and which were dropped: as their task's contract does not allow
  // them, or as no task came in time.
  virtual void ParkedOutcomeRefused(std::string_view name_space) {}
  virtual void ParkedOutcomeLapsed(std::string_view name_space) {}
  virtual void DeliveryNoted(std::string_view target, DeliveryState state) {}
  virtual void CommitStarts(size_t records) {}
  virtual void CommitEnds(size_t records) {}
  virtual void Overloaded(Queue full) {}
  virtual void CheckpointTaken(TimeMs time, size_t index_entries, size_t blocks) {}
  virtual void Dropped(storage::Sequence floor) {}
  // What should not happen; `event` is a constant.
  virtual void Trouble(std::string_view event, const absl::Status& status) {}
};

}  // namespace tokenbroker::broker
