#include "server/host/metrics_observer.h"

#include <optional>

#include "base/system_clock.h"
#include "server/broker/broker.h"

namespace tokenbroker {
namespace {

// Nothing of a task that waits.
std::optional<TaskOutcome> OutcomeOf(broker::TaskState state) {
  switch (state) {
    case broker::TaskState::kWaiting:
      return std::nullopt;
    case broker::TaskState::kSucceeded:
      return TaskOutcome::kSucceeded;
    case broker::TaskState::kFailed:
      return TaskOutcome::kFailed;
    case broker::TaskState::kExpired:
      return TaskOutcome::kExpired;
    case broker::TaskState::kCancelled:
      return TaskOutcome::kCancelled;
    case broker::TaskState::kSuperseded:
      return TaskOutcome::kSuperseded;
  }
  return std::nullopt;
}

std::string_view NameOf(broker::DeliveryState state) {
  switch (state) {
    case broker::DeliveryState::kPending:
      return "redriven";
    case broker::DeliveryState::kDelivered:
      return "delivered";
    case broker::DeliveryState::kProbablyDelivered:
      return "probably_delivered";
    case broker::DeliveryState::kDeadLettered:
      return "dead_lettered";
    case broker::DeliveryState::kDropped:
      return "dropped";
  }
  return "";
}

BoundedQueue BoundedQueueOf(broker::Queue queue) {
  switch (queue) {
    case broker::Queue::kCommit:
      return BoundedQueue::kCommit;
    case broker::Queue::kReads:
      return BoundedQueue::kReads;
    case broker::Queue::kAwaits:
      return BoundedQueue::kAwaits;
    case broker::Queue::kParked:
      return BoundedQueue::kParked;
    case broker::Queue::kProgress:
      return BoundedQueue::kProgress;
    case broker::Queue::kCancelReasons:
      return BoundedQueue::kCancelReasons;
  }
  return BoundedQueue::kCommit;
}

}  // namespace

void MetricsObserver::Resolved(broker::TaskState state, size_t tasks) {
  if (const std::optional<TaskOutcome> outcome = OutcomeOf(state)) metrics_.tasks_resolved(*outcome).Increment(tasks);
}

void MetricsObserver::Expired(DurationMs late) {
  metrics_.expiry_lateness_seconds.Observe(static_cast<double>(late) * 1e-3);
}

void MetricsObserver::ParkedOutcomeRefused(std::string_view name_space) {
  metrics_.parked_refused.Increment();
  parked_refused_.Write(clock_.Now(), Level::kWarning, "parked_outcome_refused",
                        {{"namespace", name_space},
                         {"msg", "a parked outcome broke the contract of the task it was for, and was dropped"}});
}

void MetricsObserver::ParkedOutcomeLapsed(std::string_view name_space) {
  metrics_.parked_lapsed.Increment();
  parked_lapsed_.Write(clock_.Now(), Level::kWarning, "parked_outcome_lapsed",
                       {{"namespace", name_space},
                        {"msg", "no task was issued under a parked outcome's key in time, and it was dropped"}});
}

void MetricsObserver::DeliveryNoted(std::string_view target, broker::DeliveryState state) {
  deliveries_.Of(target).settled(NameOf(state)).Increment();
}

void MetricsObserver::CommitStarts(size_t) { commit_began_ = ElapsedMicros(); }

void MetricsObserver::CommitEnds(size_t records) {
  metrics_.commit_duration_seconds.Observe(static_cast<double>(ElapsedMicros() - commit_began_) * 1e-6);
  metrics_.commit_group_size.Observe(static_cast<double>(records));
}

void MetricsObserver::Overloaded(broker::Queue full) {
  const BoundedQueue queue = BoundedQueueOf(full);
  metrics_.overload_refusals(queue).Increment();
  LogOf(NameOf(queue), overloaded_).Write(clock_.Now(), Level::kWarning, "overloaded", {{"queue", NameOf(queue)}});
}

void MetricsObserver::CheckpointTaken(TimeMs, size_t index_entries, size_t blocks) {
  Log(Level::kInfo, "checkpoint_taken", {{"index_entries", index_entries}, {"blocks", blocks}});
}

void MetricsObserver::Dropped(storage::Sequence floor) {
  Log(Level::kInfo, "log_dropped", {{"floor", broker::FormatTaskId(0, floor)}});
}

void MetricsObserver::Trouble(std::string_view event, const absl::Status& status) {
  LogOf(event, trouble_).Write(clock_.Now(), Level::kError, event, {{"msg", status.message()}});
}

LimitedLog& MetricsObserver::LogOf(std::string_view name, Logs& logs) {
  const std::lock_guard lock(logs_mutex_);
  auto log = logs.find(name);
  if (log == logs.end()) log = logs.try_emplace(std::string(name), kLogInterval).first;
  return log->second;
}

}  // namespace tokenbroker
