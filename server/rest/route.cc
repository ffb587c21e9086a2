#include "server/rest/route.h"

#include <algorithm>

#include "base/status_macros.h"
#include "json/fault.h"

namespace tokenbroker::rest {
namespace {

using google::api::HttpRule;
using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

absl::Status BadRule(const Route& route, std::string_view what) {
  return absl::InvalidArgumentError(json::Concat({route.method->full_name(), ": ", route.path, ": ", what}));
}

void SetPattern(const HttpRule& rule, Route& route) {
  const auto set = [&](const char* http_method, const std::string& path) {
    route.http_method = http_method;
    route.path = path;
  };
  switch (rule.pattern_case()) {
    case HttpRule::kGet:
      return set("GET", rule.get());
    case HttpRule::kPut:
      return set("PUT", rule.put());
    case HttpRule::kPost:
      return set("POST", rule.post());
    case HttpRule::kDelete:
      return set("DELETE", rule.delete_());
    case HttpRule::kPatch:
      return set("PATCH", rule.patch());
    case HttpRule::PATTERN_NOT_SET:
      return;
  }
}

absl::Status AddSegment(std::string_view text, Route& route) {
  const bool is_variable = text.size() > 2 && text.front() == '{' && text.back() == '}';
  if (!is_variable) {
    if (text.empty() || text.find_first_of("{}*") != std::string_view::npos) return BadRule(route, "is no path");
    route.segments.push_back({std::string(text), {}});
    return absl::OkStatus();
  }
  auto field = ParseFieldPath(*route.method->input_type(), text.substr(1, text.size() - 2));
  if (!field.ok()) return BadRule(route, std::string(field.status().message()));
  const FieldDescriptor& leaf = *field->back();
  if (leaf.is_repeated() || leaf.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
    return BadRule(route, "a variable must be a single scalar");
  }
  route.segments.push_back({"", *std::move(field)});
  return absl::OkStatus();
}

absl::Status SetSegments(Route& route) {
  std::string_view rest = route.path;
  if (rest.empty() || rest.front() != '/') return BadRule(route, "is no path");
  const size_t colon = rest.rfind(':');
  if (colon != std::string_view::npos && colon > rest.rfind('/')) {
    route.verb = rest.substr(colon + 1);
    rest = rest.substr(0, colon);
  }
  while (!rest.empty()) {
    rest.remove_prefix(1);
    const size_t slash = std::min(rest.find('/'), rest.size());
    TB_RETURN_IF_ERROR(AddSegment(rest.substr(0, slash), route));
    rest = rest.substr(slash);
  }
  return absl::OkStatus();
}

absl::Status SetBody(const HttpRule& rule, Route& route) {
  if (rule.body().empty()) return absl::OkStatus();
  if (rule.body() == "*") {
    route.body = BodyRule::kRequest;
    return absl::OkStatus();
  }
  const FieldDescriptor* const field = route.method->input_type()->FindFieldByName(rule.body());
  if (field == nullptr || field->is_repeated() || field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) {
    return BadRule(route, "the body must be a single message");
  }
  route.body = BodyRule::kField;
  route.body_field = field;
  return absl::OkStatus();
}

}  // namespace

std::string DocumentedPath(const Route& route) {
  std::string path;
  for (const Segment& segment : route.segments) {
    path += "/" + (segment.is_variable() ? "{" + segment.field.back()->json_name() + "}" : segment.literal);
  }
  return path + (route.verb.empty() ? "" : ":" + route.verb);
}

absl::StatusOr<Route> MakeRoute(const google::protobuf::MethodDescriptor& method, const HttpRule& rule) {
  Route route;
  route.method = &method;
  SetPattern(rule, route);
  TB_RETURN_IF_ERROR(SetSegments(route));
  TB_RETURN_IF_ERROR(SetBody(rule, route));
  return route;
}

}  // namespace tokenbroker::rest
