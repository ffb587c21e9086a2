#include "server/calls/fill.h"

#include <cstring>

#include "server/calls/convert.h"

namespace tokenbroker::calls {
namespace {

template <typename Settling>
void FillSettling(const broker::Broker& broker, const Settling& request, broker::ResolveOperation& operation) {
  operation.address = AddressOf(broker, request.task());
  operation.request_id = request.request_id();
  if (request.has_park_for()) operation.park_for = ParseDuration(request.park_for()).value_or(0);
}

void KeepText(google::protobuf::Arena& arena, std::string_view& text) {
  if (text.empty()) return;
  char* const kept = google::protobuf::Arena::CreateArray<char>(&arena, text.size());
  std::memcpy(kept, text.data(), text.size());
  text = {kept, text.size()};
}

}  // namespace

broker::TaskAddress AddressOf(const broker::Broker& broker, const pb::TaskRef& ref) {
  switch (ref.ref_case()) {
    case pb::TaskRef::kToken:
      return broker.AddressOfToken(ref.token());
    case pb::TaskRef::kTaskId:
      return broker.AddressOfId(ref.task_id());
    case pb::TaskRef::kKey:
      return broker.AddressOfKey(ref.key().namespace_(), ref.key().key());
    case pb::TaskRef::REF_NOT_SET:
      break;
  }
  return {};
}

void Fill(const broker::Broker& broker, const pb::IssueTaskRequest& request, const InputLimits& limits,
          broker::IssueOperation& operation) {
  broker::IssueRequest& out = operation.request;
  out.name_space = request.namespace_();
  out.request_id = request.request_id();
  out.correlation_key = request.correlation_key();
  out.attempt = static_cast<uint16_t>(request.attempt());
  out.target = request.target();
  if (out.target.empty() && !request.upstream_token().empty()) out.target = limits.default_target;
  out.timeout_defaulted = !request.has_timeout();
  out.timeout = out.timeout_defaulted ? limits.default_timeout : ParseDuration(request.timeout()).value_or(0);
  if (request.has_heartbeat_timeout()) out.heartbeat_timeout = ParseDuration(request.heartbeat_timeout()).value_or(0);
  out.summary = request.summary();
  for (const auto& [key, value] : request.labels()) out.labels.emplace_back(key, value);
  out.input = request.input();
  out.upstream_token = request.upstream_token();
  out.traceparent = request.trace().traceparent();
  out.tracestate = request.trace().tracestate();
  out.output_schema = request.contract().output_schema();
  const auto& errors = request.contract().allowed_errors();
  out.allowed_errors.assign(errors.begin(), errors.end());
  broker.Prepare(operation);
}

void Fill(const broker::Broker& broker, const pb::HeartbeatRequest& request, broker::HeartbeatOperation& operation) {
  operation.address = AddressOf(broker, request.task());
  operation.progress = request.progress();
}

void Fill(const broker::Broker& broker, const pb::SucceedRequest& request, broker::ResolveOperation& operation) {
  FillSettling(broker, request, operation);
  operation.state = broker::TaskState::kSucceeded;
  operation.output = request.output();
}

void Fill(const broker::Broker& broker, const pb::FailRequest& request, broker::ResolveOperation& operation) {
  FillSettling(broker, request, operation);
  operation.state = broker::TaskState::kFailed;
  operation.error = request.error();
  operation.cause = request.cause();
}

void Fill(const broker::Broker& broker, const pb::Settlement& settlement, broker::ResolveOperation& operation) {
  settlement.has_succeed() ? Fill(broker, settlement.succeed(), operation) : Fill(broker, settlement.fail(), operation);
}

void Fill(const broker::Broker& broker, const pb::CancelTaskRequest& request, broker::CancelOperation& operation) {
  operation.address = AddressOf(broker, request.task());
  operation.reason = request.reason();
  if (request.has_grace()) operation.grace = ParseDuration(request.grace()).value_or(0);
}

void Fill(const broker::Broker& broker, const pb::ExtendDeadlineRequest& request, broker::ExtendOperation& operation) {
  operation.address = AddressOf(broker, request.task());
  operation.timeout = ParseDuration(request.timeout()).value_or(0);
}

void Fill(const broker::Broker& broker, const pb::AwaitTaskRequest& request, broker::AwaitOperation& operation) {
  operation.address = AddressOf(broker, request.task());
  operation.limit = request.has_limit() ? ParseDuration(request.limit()).value_or(0) : kDefaultAwait;
}

void KeepTexts(google::protobuf::Arena& arena, broker::IssueRequest& request) {
  for (std::string_view* text :
       {&request.name_space, &request.request_id, &request.correlation_key, &request.target, &request.summary,
        &request.input, &request.upstream_token, &request.traceparent, &request.tracestate, &request.output_schema}) {
    KeepText(arena, *text);
  }
  for (auto& [key, value] : request.labels) {
    KeepText(arena, key);
    KeepText(arena, value);
  }
  for (std::string_view& error : request.allowed_errors) KeepText(arena, error);
}

void KeepTexts(google::protobuf::Arena& arena, broker::ResolveOperation& operation) {
  broker::TaskAddress& address = operation.address;
  for (std::string_view* text : {&operation.output, &operation.error, &operation.cause, &operation.request_id,
                                 &address.name_space, &address.key}) {
    KeepText(arena, *text);
  }
  std::string_view caveats = address.limits.caveats();
  KeepText(arena, caveats);
  address.limits = token::Limits(caveats);
}

}  // namespace tokenbroker::calls
