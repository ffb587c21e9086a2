// One way to reach a call over HTTP: a google.api.HttpRule, understood.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "google/api/http.pb.h"
#include "server/rest/field_path.h"

namespace tokenbroker::rest {

// What a body is.
enum class BodyRule {
  kNone,
  // The request.
  kRequest,
  // The field Route::body_field of it, a message.
  kField,
};

struct Segment {
  // Empty for a variable.
  std::string literal;
  // The field that a variable's value goes to.
  FieldPath field;

  bool is_variable() const { return literal.empty(); }
};

struct Route {
  // Its input_type() is what Bind fills; client_streaming() means NDJSON in, one such message a line;
  // server_streaming() server-sent events out, or NDJSON if NDJSON came in.
  const google::protobuf::MethodDescriptor* method = nullptr;
  // "GET", "POST", ...
  std::string http_method;
  // As annotated: "/v1/tokens/{task.token}:succeed". Good for logs and metrics, unlike the path of a request.
  std::string path;
  std::vector<Segment> segments;
  // "succeed"; empty if none.
  std::string verb;
  BodyRule body = BodyRule::kNone;
  const google::protobuf::FieldDescriptor* body_field = nullptr;
};

// The path as callers know it from the OpenAPI document: "/v1/tasks/{taskId}:await" where the contract has
// {task.task_id}.
std::string DocumentedPath(const Route& route);

// INVALID_ARGUMENT if the rule does not fit the call: a field that there is none of or that is no single scalar, a body
// that is no message, a path that is none.
absl::StatusOr<Route> MakeRoute(const google::protobuf::MethodDescriptor& method, const google::api::HttpRule& rule);

}  // namespace tokenbroker::rest
