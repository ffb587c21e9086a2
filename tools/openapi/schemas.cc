#include "tools/openapi/schemas.h"

#include "json/scalar.h"
#include "tools/openapi/comments.h"

namespace tokenbroker::openapi {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;

constexpr char kSchemas[] = "#/components/schemas/";

// "Task", "BatchGetTasksResponse.Item": without the package.
std::string NameOf(const std::string& full_name, const std::string& package) {
  return full_name.substr(package.size() + 1);
}

Json RefTo(const std::string& name) { return {{"$ref", kSchemas + name}}; }

void Describe(const std::string& text, Json& schema) {
  if (!text.empty()) schema["description"] = text;
}

void Collect(const Descriptor& message, std::set<std::string>& names) {
  if (!names.insert(message.full_name()).second) return;
  for (int i = 0; i < message.field_count(); ++i) {
    if (message.field(i)->message_type() != nullptr) Collect(*message.field(i)->message_type(), names);
  }
}

std::string OneofRule(const Descriptor& message) {
  std::string rule;
  for (int i = 0; i < message.real_oneof_decl_count(); ++i) {
    const auto& choice = *message.oneof_decl(i);
    rule += "\n\nAt most one of ";
    for (int k = 0; k < choice.field_count(); ++k) rule += (k == 0 ? "`" : ", `") + choice.field(k)->json_name() + "`";
    rule += " is set.";
  }
  return rule;
}

}  // namespace

bool IsRequired(const FieldDescriptor& field) { return CommentOf(field).rfind("Required.", 0) == 0; }

Schemas::Schemas(const Contract& contract) {
  for (const auto* service : contract.services) {
    for (int i = 0; i < service->method_count(); ++i) {
      Collect(*service->method(i)->input_type(), sent_);
      Collect(*service->method(i)->output_type(), received_);
      answers_.insert(service->method(i)->output_type()->full_name());
    }
  }
}

Json Schemas::Ref(const Descriptor& message) {
  const std::string name = NameOf(message.full_name(), message.file()->package());
  if (all_.count(name) == 0) {
    all_[name] = nullptr;  // so that a message that holds itself ends here
    all_[name] = Object(message, {});
  }
  return RefTo(name);
}

Json Schemas::RefToBody(const Descriptor& request, const std::set<std::string>& given) {
  if (given.empty()) return Ref(request);
  const std::string name = NameOf(request.full_name(), request.file()->package()) + ".Body";
  if (all_.count(name) == 0) all_[name] = Object(request, given);
  return RefTo(name);
}

Json Schemas::Object(const Descriptor& message, const std::set<std::string>& given) {
  Json schema = {{"type", "object"}};
  Describe(CommentOf(message) + OneofRule(message), schema);
  Json required = Json::array();
  Json properties = Json::object();
  const bool is_answer = answers_.count(message.full_name()) > 0;
  for (int i = 0; i < message.field_count(); ++i) {
    const FieldDescriptor& field = *message.field(i);
    properties[field.json_name()] = Of(field);
    const bool always_there = is_answer && field.is_repeated() && !field.is_map();
    if (always_there || (IsRequired(field) && given.count(field.name()) == 0)) required.push_back(field.json_name());
  }
  if (!properties.empty()) schema["properties"] = std::move(properties);
  if (!required.empty()) schema["required"] = std::move(required);
  const bool only_sent = sent_.count(message.full_name()) > 0 && received_.count(message.full_name()) == 0;
  if (only_sent) schema["additionalProperties"] = false;
  return schema;
}

Json Schemas::Of(const FieldDescriptor& field) {
  Json schema;
  if (field.is_map()) {
    schema = {{"type", "object"}, {"additionalProperties", Value(*field.message_type()->map_value())}};
  } else if (field.is_repeated()) {
    schema = {{"type", "array"}, {"items", Value(field)}};
  } else {
    schema = Value(field);
  }
  Describe(CommentOf(field), schema);
  return schema;
}

Json Schemas::RefToEnum(const EnumDescriptor& type) {
  const std::string name = NameOf(type.full_name(), type.file()->package());
  if (all_.count(name) > 0) return RefTo(name);
  Json values = Json::array();
  std::string text = CommentOf(type) + "\n";
  for (int i = 0; i < type.value_count(); ++i) {
    values.push_back(type.value(i)->name());
    const std::string comment = CommentOf(*type.value(i));
    if (!comment.empty()) text += "\n* `" + type.value(i)->name() + "`: " + comment;
  }
  all_[name] = {{"type", "string"}, {"description", text}, {"enum", std::move(values)}};
  return RefTo(name);
}

Json Schemas::Value(const FieldDescriptor& field) {
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_BOOL:
      return {{"type", "boolean"}};
    case FieldDescriptor::CPPTYPE_INT32:
      return {{"type", "integer"}, {"format", "int32"}};
    case FieldDescriptor::CPPTYPE_UINT32:
      return {{"type", "integer"}, {"minimum", 0}, {"maximum", 4'294'967'295}};
    case FieldDescriptor::CPPTYPE_INT64:
      return {{"type", "string"}, {"format", "int64"}};
    case FieldDescriptor::CPPTYPE_UINT64:
      return {{"type", "string"}, {"format", "uint64"}};
    case FieldDescriptor::CPPTYPE_FLOAT:
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return {{"type", "number"}};
    case FieldDescriptor::CPPTYPE_ENUM:
      return RefToEnum(*field.enum_type());
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return MessageValue(*field.message_type());
    case FieldDescriptor::CPPTYPE_STRING:
      break;
  }
  return field.type() == FieldDescriptor::TYPE_BYTES ? Json{{"type", "string"}, {"contentEncoding", "base64"}}
                                                     : Json{{"type", "string"}};
}

Json Schemas::MessageValue(const Descriptor& message) {
  switch (json::WellKnownOf(message)) {
    case json::WellKnown::kTimestamp:
      return {{"type", "string"}, {"format", "date-time"}};
    case json::WellKnown::kDuration:
      return {{"type", "string"}, {"pattern", R"(^-?[0-9]+(\.[0-9]{1,9})?s$)"}, {"examples", {"30s", "1.5s"}}};
    case json::WellKnown::kAny:
      return {{"type", "object"}, {"properties", {{"@type", {{"type", "string"}}}}}, {"required", {"@type"}}};
    default:
      return Ref(message);
  }
}

Json Schemas::RefToError(const Contract& contract) {
  if (all_.count("Error") > 0) return RefTo("Error");
  Json details = Json::array();
  for (const char* name :
       {"google.rpc.ErrorInfo", "google.rpc.BadRequest", "google.rpc.RetryInfo", "tokenbroker.v1.ResolvedDetail"}) {
    const Json type = {{"type", "object"},
                       {"properties", {{"@type", {{"const", std::string("type.googleapis.com/") + name}}}}},
                       {"required", {"@type"}}};
    details.push_back({{"allOf", {type, Ref(contract.Message(name))}}});
  }
  const Json error = {
      {"type", "object"},
      {"properties",
       {{"code", {{"type", "integer"}, {"description", "The HTTP status."}}},
        {"status", {{"type", "string"}, {"description", "A google.rpc.Code by name: `NOT_FOUND`."}}},
        {"message", {{"type", "string"}, {"description", "For people; texts may change."}}},
        {"details",
         {{"type", "array"},
          {"description",
           "For programs. Exactly one `google.rpc.ErrorInfo` with the reason; others as the reason has them."},
          {"items", {{"anyOf", std::move(details)}}}}}}},
      {"required", {"code", "status", "message", "details"}}};
  all_["Error"] = {{"type", "object"},
                   {"description", "Every refusal, as https://google.aip.dev/193 has it."},
                   {"properties", {{"error", error}}},
                   {"required", {"error"}}};
  return RefTo("Error");
}

Json Schemas::All() const {
  Json all = Json::object();
  for (const auto& [name, schema] : all_) all[name] = schema;
  return all;
}

}  // namespace tokenbroker::openapi
