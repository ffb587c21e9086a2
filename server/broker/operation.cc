#include "server/broker/operation.h"

namespace tokenbroker::broker {
namespace {

size_t PayloadBytes(const IssueRequest& request) {
  size_t bytes = request.input.size() + request.output_schema.size() + request.upstream_token.size() +
                 request.summary.size() + request.correlation_key.size() + request.request_id.size() +
                 request.traceparent.size() + request.tracestate.size();
  for (const auto& [name, value] : request.labels) bytes += name.size() + value.size();
  for (std::string_view error : request.allowed_errors) bytes += error.size();
  return bytes;
}

}  // namespace

TaskAddress* AddressOf(Operation& operation) {
  if (operation.kind == Operation::Kind::kIssue || operation.kind == Operation::Kind::kDelivery) return nullptr;
  return &static_cast<NamedOperation&>(operation).address;
}

size_t PayloadBytes(const Operation& operation) {
  switch (operation.kind) {
    case Operation::Kind::kIssue:
      return PayloadBytes(static_cast<const IssueOperation&>(operation).request);
    case Operation::Kind::kResolve: {
      const auto& resolve = static_cast<const ResolveOperation&>(operation);
      return resolve.output.size() + resolve.error.size() + resolve.cause.size();
    }
    case Operation::Kind::kHeartbeat:
      return static_cast<const HeartbeatOperation&>(operation).progress.size();
    case Operation::Kind::kCancel:
      return static_cast<const CancelOperation&>(operation).reason.size();
    case Operation::Kind::kExtend:
    case Operation::Kind::kLocate:
    case Operation::Kind::kAwait:
      return 0;
    case Operation::Kind::kDelivery: {
      const auto& delivery = static_cast<const DeliveryOperation&>(operation);
      return delivery.code.size() + delivery.message.size();
    }
  }
  return 0;
}

}  // namespace tokenbroker::broker
