#include "cli/task_json.h"

#include <map>

#include "cli/error.h"
#include "cli/time_text.h"

namespace tokenbroker::cli {
namespace {

void Put(Json& json, const char* name, const std::string& text) {
  if (!text.empty()) json[name] = text;
}

void PutVerbatim(Json& json, const char* name, const std::string& text) {
  if (!text.empty()) json[name] = Verbatim(text);
}

void PutTime(Json& json, const char* name, bool present, const google::protobuf::Timestamp& time) {
  if (present) json[name] = FormatTime(ToMs(time));
}

void PutSpan(Json& json, const char* name, const google::protobuf::Duration& span) {
  if (ToMs(span) != 0) json[name] = FormatDuration(ToMs(span));
}

Json OutcomeJson(const v1::Outcome& outcome) {
  Json json = Json::object();
  PutVerbatim(json, "output", outcome.output());
  Put(json, "error", outcome.error());
  Put(json, "cause", outcome.cause());
  PutTime(json, "resolved_at", outcome.has_resolved_at(), outcome.resolved_at());
  Put(json, "resolved_by", outcome.resolved_by());
  return json;
}

Json ProgressJson(const v1::Progress& progress) {
  Json json = Json::object();
  PutVerbatim(json, "details", progress.details());
  PutTime(json, "at", progress.has_at(), progress.at());
  return json;
}

Json TraceJson(const v1::TraceContext& trace) {
  Json json = Json::object();
  Put(json, "traceparent", trace.traceparent());
  Put(json, "tracestate", trace.tracestate());
  return json;
}

void PutLabels(Json& json, const v1::Task& task) {
  if (task.labels().empty()) return;
  const std::map<std::string, std::string> sorted(task.labels().begin(), task.labels().end());
  for (const auto& [key, value] : sorted) json["labels"][key] = value;
}

void PutLiveness(Json& json, const v1::Task& task) {
  PutSpan(json, "heartbeat_timeout", task.heartbeat_timeout());
  PutTime(json, "last_heartbeat_at", task.has_last_heartbeat_at(), task.last_heartbeat_at());
  if (task.has_progress()) json["progress"] = ProgressJson(task.progress());
  if (task.cancel_requested()) json["cancel_requested"] = true;
}

std::string WithoutPrefix(const std::string& name, size_t prefix) { return name.substr(std::min(prefix, name.size())); }

}  // namespace

std::string NameOf(v1::TaskState state) { return WithoutPrefix(v1::TaskState_Name(state), sizeof "TASK_STATE_" - 1); }

std::string NameOf(v1::Verdict verdict) { return WithoutPrefix(v1::Verdict_Name(verdict), sizeof "VERDICT_" - 1); }

std::string NameOf(v1::WatchTasksResponse::Kind kind) {
  return WithoutPrefix(v1::WatchTasksResponse::Kind_Name(kind), sizeof "KIND_" - 1);
}

std::string NameOf(v1::DeliveryState state) {
  return WithoutPrefix(v1::DeliveryState_Name(state), sizeof "DELIVERY_STATE_" - 1);
}

Json ToJson(const v1::Delivery& delivery) {
  Json json = Json::object();
  json["task_id"] = delivery.task_id();
  json["namespace"] = delivery.namespace_();
  Put(json, "correlation_key", delivery.correlation_key());
  json["target"] = delivery.target();
  json["state"] = NameOf(delivery.state());
  json["outcome"] = NameOf(delivery.outcome());
  PutTime(json, "owed_at", delivery.has_owed_at(), delivery.owed_at());
  json["attempts"] = delivery.attempts();
  PutTime(json, "next_attempt_at", delivery.has_next_attempt_at(), delivery.next_attempt_at());
  Put(json, "answer_code", delivery.answer_code());
  Put(json, "answer_message", delivery.answer_message());
  if (delivery.may_have_arrived()) json["may_have_arrived"] = true;
  PutTime(json, "settled_at", delivery.has_settled_at(), delivery.settled_at());
  Put(json, "settled_by", delivery.settled_by());
  return json;
}

Json ToJson(const v1::Task& task) {
  Json json = Json::object();
  json["task_id"] = task.task_id();
  json["namespace"] = task.namespace_();
  json["state"] = NameOf(task.state());
  Put(json, "correlation_key", task.correlation_key());
  json["attempt"] = task.attempt();
  Put(json, "target", task.target());
  Put(json, "summary", task.summary());
  PutLabels(json, task);
  PutVerbatim(json, "input", task.input());
  PutTime(json, "issued_at", task.has_issued_at(), task.issued_at());
  PutTime(json, "deadline", task.has_deadline(), task.deadline());
  PutLiveness(json, task);
  if (task.has_outcome()) json["outcome"] = OutcomeJson(task.outcome());
  if (task.has_trace() && !task.trace().traceparent().empty()) json["trace"] = TraceJson(task.trace());
  if (task.has_upstream_token()) json["has_upstream_token"] = true;
  Put(json, "issued_by", task.issued_by());
  if (task.has_delivery()) json["delivery"] = ToJson(task.delivery());
  return json;
}

Json ToJson(const v1::IssueTaskResponse& issued) {
  Json json = Json::object();
  json["task_id"] = issued.task_id();
  json["token"] = issued.token();
  PutTime(json, "deadline", issued.has_deadline(), issued.deadline());
  json["state"] = NameOf(issued.state());
  json["replayed"] = issued.replayed();
  Put(json, "superseded_task_id", issued.superseded_task_id());
  return json;
}

Json ToJson(const v1::WatchTasksResponse& change) {
  Json json = Json::object();
  json["kind"] = NameOf(change.kind());
  json["cursor"] = change.cursor();
  PutTime(json, "at", change.has_at(), change.at());
  if (change.has_task()) json["task"] = ToJson(change.task());
  return json;
}

Json ToJson(const v1::HeartbeatResponse& beat) {
  Json json = Json::object();
  json["cancel_requested"] = beat.cancel_requested();
  PutTime(json, "next_due", beat.has_next_due(), beat.next_due());
  if (beat.has_remaining()) json["remaining"] = FormatDuration(ToMs(beat.remaining()));
  PutSpan(json, "heartbeat_timeout", beat.heartbeat_timeout());
  return json;
}

Json ToJson(const v1::GetStatusResponse& status) {
  Json json = Json::object();
  json["version"] = status.version();
  PutTime(json, "started_at", status.has_started_at(), status.started_at());
  json["open_tasks"] = status.open_tasks();
  json["oldest_open_age"] = FormatDuration(ToMs(status.oldest_open_age()));
  json["parked_callbacks"] = status.parked_callbacks();
  json["last_sequence"] = status.last_sequence();
  json["epoch"] = status.epoch();
  json["clock_offset"] = FormatDuration(ToMs(status.clock_offset()));
  json["draining"] = status.draining();
  return json;
}

Json ToJson(const v1::CreateBackupResponse& backup) {
  Json json = Json::object();
  json["path"] = backup.path();
  json["size_bytes"] = backup.size_bytes();
  json["last_sequence"] = backup.last_sequence();
  PutTime(json, "at", backup.has_at(), backup.at());
  return json;
}

Json VerdictJson(v1::Verdict verdict, const std::string& task_id) {
  Json json = Json::object();
  json["verdict"] = NameOf(verdict);
  Put(json, "task_id", task_id);
  return json;
}

Json ErrorJson(const absl::Status& error) {
  const ErrorDetails details = DetailsOf(error);
  Json json = Json::object();
  json["code"] = absl::StatusCodeToString(error.code());
  Put(json, "reason", details.reason_name);
  Put(json, "message", std::string(error.message()));
  if (!details.violations.empty()) Put(json, "field", details.violations.front().field);
  if (details.resolved) {
    json["recorded"] = OutcomeJson(details.resolved->outcome());
    json["recorded"]["state"] = NameOf(details.resolved->state());
  }
  return json;
}

}  // namespace tokenbroker::cli
