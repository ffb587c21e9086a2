#include "server/forward/delivery_from.h"

#include <utility>

#include "server/broker/broker.h"

namespace tokenbroker::forward {
namespace {

Delivery::Kind KindOf(const storage::ResolvedEntry& outcome) {
  switch (outcome.state) {
    case storage::TaskState::kSucceeded:
      return Delivery::Kind::kSucceeded;
    case storage::TaskState::kExpired:
      return outcome.error == "HeartbeatTimeout" ? Delivery::Kind::kHeartbeatTimeout : Delivery::Kind::kTimeout;
    default:
      return Delivery::Kind::kFailed;
  }
}

}  // namespace

Delivery DeliveryFrom(const broker::TaskRecord& record, std::string upstream_token) {
  const storage::IssuedEntry& issued = record.issued;
  const storage::ResolvedEntry& outcome = *record.outcome;
  Delivery delivery;
  delivery.id = delivery.task_id = broker::FormatTaskId(0, record.task);  // a task has one outcome
  delivery.namespace_name = issued.name_space;
  delivery.correlation_key = issued.correlation_key;
  delivery.upstream_token = std::move(upstream_token);
  for (const auto& [name, value] : issued.labels) delivery.labels.emplace_back(name, value);
  delivery.kind = KindOf(outcome);
  delivery.output = outcome.output;
  delivery.issued_at = issued.time;
  delivery.ended_at = outcome.time;
  delivery.traceparent = issued.traceparent;
  delivery.tracestate = issued.tracestate;
  if (outcome.state == storage::TaskState::kExpired) return delivery;
  delivery.error = outcome.error;
  delivery.cause = outcome.cause;
  delivery.resolved_by = outcome.resolved_by;
  return delivery;
}

}  // namespace tokenbroker::forward
