#include "server/rest/bind.h"

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "base/text.h"
#include "json/fault.h"
#include "json/json_reader.h"
#include "json/scalar.h"
#include "server/rest/query.h"
#include "server/rest/url_text.h"

namespace tokenbroker::rest {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

constexpr char kRequestId[] = "request_id";

bool IsBlank(std::string_view text) { return text.find_first_not_of(" \t\r\n") == std::string_view::npos; }

absl::Status BindBody(const Route& route, std::string_view body, Message& message) {
  if (IsBlank(body)) return absl::OkStatus();
  switch (route.body) {
    case BodyRule::kRequest:
      return json::ReadJson(body, message);
    case BodyRule::kField:
      return json::ReadJson(body, *message.GetReflection()->MutableMessage(&message, route.body_field),
                            route.body_field->name());
    default:
      return json::Fault("", json::Concat({"must have no body: ", route.http_method, " ", route.path, " takes none"}));
  }
}

// What the body has said already must be the same.
absl::Status SetVariable(const FieldPath& path, std::string value, Message& message) {
  TB_ASSIGN_OR_RETURN(Message* const parent, ParentOf(path, message));
  const FieldDescriptor& field = *path.back();
  const auto* const reflection = parent->GetReflection();
  const bool is_text = field.type() == FieldDescriptor::TYPE_STRING;
  if (reflection->HasField(*parent, &field) && !(is_text && reflection->GetString(*parent, &field) == value)) {
    return json::Fault(NameOf(path), "is given in the path, and the body says something else");
  }
  const absl::Status status = json::PutParameter(std::move(value), {*parent, field});
  return status.ok() ? status : json::Fault(NameOf(path), std::string(status.message()));
}

absl::Status BindPath(const Found& found, Message& message) {
  size_t variable = 0;
  for (const Segment& segment : found.route->segments) {
    if (!segment.is_variable()) continue;
    std::string value;
    if (!DecodePath(found.values[variable++], value)) {
      return json::Fault(NameOf(segment.field), "must be percent-encoded UTF-8 in the path");
    }
    TB_RETURN_IF_ERROR(SetVariable(segment.field, std::move(value), message));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status Bind(const Found& found, std::string_view query, std::string_view body, Message& message) {
  TB_RETURN_IF_ERROR(BindBody(*found.route, body, message));
  TB_RETURN_IF_ERROR(BindPath(found, message));
  return BindQuery(*found.route, query, message);
}

absl::Status BindIdempotencyKey(std::string_view key, Message& message) {
  const FieldDescriptor* const field = message.GetDescriptor()->FindFieldByName(kRequestId);
  if (field == nullptr) return absl::OkStatus();
  if (!IsValidUtf8(key)) return json::Fault(kRequestId, "must be UTF-8 in the header Idempotency-Key");
  const std::string said = message.GetReflection()->GetString(message, field);
  if (!said.empty() && said != key) {
    return json::Fault(kRequestId, "is given in the header Idempotency-Key, and the body says something else");
  }
  message.GetReflection()->SetString(&message, field, std::string(key));
  return absl::OkStatus();
}

}  // namespace tokenbroker::rest
