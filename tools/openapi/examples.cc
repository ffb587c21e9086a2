#include "tools/openapi/examples.h"

#include <map>
#include <string>

#include "google/rpc/error_details.pb.h"
#include "json/scalar.h"
#include "server/rest/error_body.h"
#include "tokenbroker/v1/errors.pb.h"

namespace tokenbroker::openapi {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

constexpr char kPackage[] = "tokenbroker.v1.";

// Whole messages, where their fields hang together; and those of which not all fields make sense at once.
const std::map<std::string, const char*>& MessageExamples() {
  static const auto* const examples = new std::map<std::string, const char*>{
      {"IssueTaskRequest", R"({"namespace":"loans","requestId":"decision-4711-1","correlationKey":"application-4711",
        "input":"{\"applicant\":\"A. Lovelace\",\"amount\":25000}","summary":"Decide on application 4711",
        "labels":{"team":"underwriting"},"timeout":"86400s","heartbeatTimeout":"300s"})"},
      {"HeartbeatRequest",
       R"({"task":{"token":"T8kq2WcVn5rYx0Zb7LmJf3Hs9DgPaQ4u"},"progress":"{\"checked\":3,\"of\":5}"})"},
      {"SucceedRequest", R"({"task":{"token":"T8kq2WcVn5rYx0Zb7LmJf3Hs9DgPaQ4u"},"output":"{\"approved\":true}"})"},
      {"FailRequest",
       R"({"task":{"token":"T8kq2WcVn5rYx0Zb7LmJf3Hs9DgPaQ4u"},"error":"Rejected","cause":"the income is not proven"})"},
      {"Settlement",
       R"({"succeed":{"task":{"token":"T8kq2WcVn5rYx0Zb7LmJf3Hs9DgPaQ4u"},"output":"{\"approved\":true}"}})"},
      {"SettlementResult", R"({"verdict":"VERDICT_ACCEPTED","taskId":"0000000000000004d2"})"},
      {"IssueTaskResponse", R"({"taskId":"0000000000000004d2","token":"T8kq2WcVn5rYx0Zb7LmJf3Hs9DgPaQ4u",
        "deadline":"2026-02-01T10:00:00Z","state":"TASK_STATE_WAITING"})"},
      {"HeartbeatResponse", R"({"nextDue":"2026-01-31T10:10:00Z","remaining":"86100s","heartbeatTimeout":"300s"})"},
      {"Task", R"({"taskId":"0000000000000004d2","namespace":"loans","state":"TASK_STATE_SUCCEEDED",
        "correlationKey":"application-4711","attempt":1,"summary":"Decide on application 4711","labels":{"team":"underwriting"},
        "input":"{\"applicant\":\"A. Lovelace\",\"amount\":25000}","issuedAt":"2026-01-31T10:00:00Z",
        "deadline":"2026-02-01T10:00:00Z","heartbeatTimeout":"300s","lastHeartbeatAt":"2026-01-31T10:05:00Z",
        "outcome":{"output":"{\"approved\":true}","resolvedAt":"2026-01-31T10:06:40Z","resolvedBy":"token"},
        "issuedBy":"key:engine"})"},
      {"TaskFilter", R"({"states":["TASK_STATE_WAITING"],"labels":{"team":"underwriting"},"minAge":"3600s"})"},
      {"WatchTasksRequest",
       R"({"namespace":"loans","filter":{"states":["TASK_STATE_SUCCEEDED","TASK_STATE_FAILED"]}})"},
      {"ListTasksRequest", R"({"namespace":"loans","filter":{"states":["TASK_STATE_WAITING"]},"pageSize":50})"},
      {"GetStatusResponse",
       R"({"version":"0.1.0","startedAt":"2026-01-31T09:00:00Z","openTasks":"12","oldestOpenAge":"5400s",
        "lastSequence":"1234","epoch":1})"},
      {"ItemError", R"({"code":5,"reason":"ERROR_REASON_TASK_UNKNOWN","message":"no such task"})"},
  };
  return *examples;
}

// By the name of the field, for texts and times.
const std::map<std::string, const char*>& FieldExamples() {
  static const auto* const examples = new std::map<std::string, const char*>{
      {"namespace", "loans"},
      {"token", "T8kq2WcVn5rYx0Zb7LmJf3Hs9DgPaQ4u"},
      {"task_id", "0000000000000004d2"},
      {"key", "application-4711"},
      {"correlation_key", "application-4711"},
      {"correlation_key_prefix", "application-"},
      {"request_id", "decision-4711-1"},
      {"target", "underwriting"},
      {"output", R"({"approved":true})"},
      {"reason", "the application was withdrawn"},
      {"page_token", "AAAAAAAABNI"},
      {"next_page_token", "AAAAAAAABNI"},
      {"cursor", "AAAAAAAABNI"},
      {"watch_cursor", "AAAAAAAABNI"},
      {"path", "/var/lib/tokenbroker/backups/2026-01-31"},
      {"limit", "30s"},
      {"grace", "60s"},
      {"timeout", "86400s"},
      {"min_age", "3600s"},
      {"max_age", "86400s"},
  };
  return *examples;
}

Json ScalarExample(const FieldDescriptor& field) {
  const auto named = FieldExamples().find(field.name());
  const std::string text = named == FieldExamples().end() ? "example" : named->second;
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_BOOL:
      return true;
    case FieldDescriptor::CPPTYPE_ENUM:
      return field.enum_type()->value(1)->name();
    case FieldDescriptor::CPPTYPE_INT64:
    case FieldDescriptor::CPPTYPE_UINT64:
      return "1234";
    case FieldDescriptor::CPPTYPE_STRING:
      return text;
    case FieldDescriptor::CPPTYPE_MESSAGE:
      break;
    default:
      return 50;
  }
  switch (json::WellKnownOf(*field.message_type())) {
    case json::WellKnown::kTimestamp:
      return "2026-01-31T10:00:00Z";
    case json::WellKnown::kDuration:
      return named == FieldExamples().end() ? "30s" : text;
    default:
      return ExampleOf(*field.message_type());
  }
}

}  // namespace

Json ExampleOf(const FieldDescriptor& field) {
  if (field.is_map()) return Json{{"team", "underwriting"}};
  return field.is_repeated() ? Json::array({ScalarExample(field)}) : ScalarExample(field);
}

Json ExampleOf(const Descriptor& message) {
  const auto own = message.full_name().rfind(kPackage, 0) == 0
                       ? MessageExamples().find(message.full_name().substr(sizeof(kPackage) - 1))
                       : MessageExamples().end();
  if (own != MessageExamples().end()) return Json::parse(own->second);
  Json example = Json::object();
  for (int i = 0; i < message.field_count(); ++i) {
    const FieldDescriptor& field = *message.field(i);
    const auto* const choice = field.real_containing_oneof();
    if (choice == nullptr || choice->field(0) == &field) example[field.json_name()] = ExampleOf(field);
  }
  return example;
}

Json ErrorExample(const std::string& reason, int code, const std::string& message) {
  google::rpc::Status status;
  status.set_code(code);
  status.set_message(message);
  google::rpc::ErrorInfo info;
  info.set_reason(reason);
  info.set_domain("tokenbroker.v1");
  status.add_details()->PackFrom(info);
  if (reason == "INVALID_FIELD") {
    google::rpc::BadRequest bad;
    bad.add_field_violations()->set_field("task.token");
    bad.mutable_field_violations(0)->set_description(message);
    status.add_details()->PackFrom(bad);
  }
  if (reason == "OVERLOADED" || reason == "DRAINING") {
    google::rpc::RetryInfo retry;
    retry.mutable_retry_delay()->set_seconds(1);
    status.add_details()->PackFrom(retry);
  }
  if (reason == "TASK_ALREADY_RESOLVED") {
    v1::ResolvedDetail resolved;
    resolved.set_task_id("0000000000000004d2");
    resolved.set_state(v1::TASK_STATE_SUCCEEDED);
    resolved.mutable_outcome()->mutable_resolved_at()->set_seconds(1'769'854'000);
    resolved.mutable_outcome()->set_resolved_by("token");
    status.add_details()->PackFrom(resolved);
  }
  std::string body;
  rest::WriteError(status, body);
  return Json::parse(body);
}

}  // namespace tokenbroker::openapi
