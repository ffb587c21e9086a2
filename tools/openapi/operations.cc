#include "tools/openapi/operations.h"

#include "json/scalar.h"
#include "tools/openapi/comments.h"

namespace tokenbroker::openapi {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using rest::BodyRule;
using rest::Route;
using rest::Segment;

constexpr char kJson[] = "application/json";
constexpr char kLines[] = "application/x-ndjson";
constexpr char kEvents[] = "text/event-stream";

std::string Capitalised(std::string text) {
  text[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(text[0])));
  return text;
}

const FieldDescriptor* LastVariable(const Route& route) {
  const FieldDescriptor* last = nullptr;
  for (const Segment& segment : route.segments) {
    if (segment.is_variable()) last = segment.field.back();
  }
  return last;
}

// "AwaitTask", "AwaitTaskByKey", "AwaitTaskFromBody".
std::string IdOf(const Route& route, const Route& first) {
  if (&route == &first) return route.method->name();
  const FieldDescriptor* const variable = LastVariable(route);
  if (variable == nullptr || variable == LastVariable(first)) return route.method->name() + "FromBody";
  return route.method->name() + "By" + Capitalised(variable->json_name());
}

// The fields of the request that the path has something to say on.
std::set<std::string> GivenByPath(const Route& route) {
  std::set<std::string> given;
  for (const Segment& segment : route.segments) {
    if (segment.is_variable()) given.insert(segment.field.front()->name());
  }
  return given;
}

Json Parameter(const std::string& name, const char* in, bool required, const FieldDescriptor& field, Schemas& schemas) {
  Json parameter = {{"name", name}, {"in", in}, {"required", required}};
  const std::string comment = CommentOf(field);
  if (!comment.empty()) parameter["description"] = comment;
  if (field.is_map()) {
    parameter["style"] = "deepObject";
    parameter["explode"] = true;
  }
  parameter["schema"] = schemas.Of(field);
  parameter["schema"].erase("description");
  parameter["example"] = ExampleOf(field);
  return parameter;
}

Json Content(const char* type, Json schema, Json example) {
  return {{type, {{"schema", std::move(schema)}, {"example", std::move(example)}}}};
}

}  // namespace

std::string PathOf(const Route& route) { return rest::DocumentedPath(route); }

Json Operations::Of(const Route& route, const Route& first) {
  const std::string comment = CommentOf(*route.method);
  Json operation = {{"operationId", IdOf(route, first)},
                    {"tags", {route.method->service()->name()}},
                    {"summary", FirstSentence(comment)},
                    {"description", comment}};
  Json parameters = Parameters(route);
  if (!parameters.empty()) operation["parameters"] = std::move(parameters);
  if (route.body != BodyRule::kNone) operation["requestBody"] = Body(route);
  operation["responses"] = {{"200", Answer(route)}};
  errors_.AddResponses(comment, operation["responses"]);
  return operation;
}

Json Operations::Parameters(const Route& route) {
  Json parameters = Json::array();
  for (const Segment& segment : route.segments) {
    if (!segment.is_variable()) continue;
    const FieldDescriptor& field = *segment.field.back();
    parameters.push_back(Parameter(field.json_name(), "path", true, field, schemas_));
  }
  const Descriptor& request = *route.method->input_type();
  if (route.body == BodyRule::kNone) {
    const FieldDescriptor* const variable = LastVariable(route);
    AddQuery(request, "", variable == nullptr ? "" : *GivenByPath(route).begin(), parameters);
  } else if (request.FindFieldByName("request_id") != nullptr) {
    parameters.push_back({{"$ref", "#/components/parameters/IdempotencyKey"}});
  }
  return parameters;
}

void Operations::AddQuery(const Descriptor& message, const std::string& prefix, const std::string& but_for, Json& out) {
  for (int i = 0; i < message.field_count(); ++i) {
    const FieldDescriptor& field = *message.field(i);
    if (field.name() == but_for) continue;
    const bool has_fields = field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE && !field.is_map() &&
                            json::WellKnownOf(*field.message_type()) == json::WellKnown::kNone;
    const std::string name = prefix + field.json_name();
    if (has_fields) {
      AddQuery(*field.message_type(), name + ".", "", out);
    } else {
      out.push_back(Parameter(name, "query", IsRequired(field), field, schemas_));
    }
  }
}

Json Operations::Body(const Route& route) {
  if (route.body == BodyRule::kField) {
    const Descriptor& part = *route.body_field->message_type();
    return {{"required", true}, {"content", Content(kJson, schemas_.Ref(part), ExampleOf(part))}};
  }
  const Descriptor& request = *route.method->input_type();
  const std::set<std::string> given = GivenByPath(route);
  Json example = ExampleOf(request);
  bool required = false;
  for (int i = 0; i < request.field_count(); ++i) {
    const FieldDescriptor& field = *request.field(i);
    if (given.count(field.name()) > 0) {
      example.erase(field.json_name());
    } else if (IsRequired(field)) {
      required = true;
    }
  }
  const char* const type = route.method->client_streaming() ? kLines : kJson;
  return {{"required", required || route.method->client_streaming()},
          {"content", Content(type, schemas_.RefToBody(request, given), std::move(example))}};
}

Json Operations::Answer(const Route& route) {
  const Descriptor& answer = *route.method->output_type();
  const bool streams = route.method->server_streaming();
  const char* const type = !streams ? kJson : route.method->client_streaming() ? kLines : kEvents;
  const char* const text = !streams         ? "The answer."
                           : type == kLines ? "One answer a line, for each line of the request in its order."
                                            : "Server-sent events: `data` is one change, `id` its cursor.";
  return {{"description", text}, {"content", Content(type, schemas_.Ref(answer), ExampleOf(answer))}};
}

}  // namespace tokenbroker::openapi
