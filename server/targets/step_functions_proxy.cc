#include "server/targets/step_functions_proxy.h"

#include <utility>

#include "json/json_writer.h"

namespace tokenbroker::targets {
namespace {

using Reply = StepFunctionsProxy::Reply;

Reply ErrorReply(int status, std::string_view space, std::string_view name, std::string_view message) {
  Reply reply{.status = status, .content_type = "application/x-amz-json-1.0", .error = std::string(name)};
  reply.body = "{\"__type\":\"";
  reply.body.append(space).append("#").append(name).append("\",\"message\":");
  json::WriteString(message, reply.body);
  reply.body += "}";
  return reply;
}

Reply Unavailable(std::string_view why) {
  std::string message = "The broker could not ask Step Functions: ";
  message.append(why);
  return ErrorReply(503, "com.amazon.coral.service", "ServiceUnavailableException", message);
}

Reply ReplyOf(StepFunctionsAnswer answer) {
  if (answer.held_back > 0) {
    return ErrorReply(400, "com.amazon.coral.availability", "ThrottlingException", "Rate exceeded");
  }
  if (!answer.json.prepared.ok()) return Unavailable("it has no valid credentials");
  if (!answer.json.http.answered()) return Unavailable(NameOf(answer.json.http.failure));
  outbound::HttpResponse& response = answer.json.http.response;
  Reply reply{.status = response.status,
              .content_type = std::string(response.Header("content-type")),
              .error = std::move(answer.json.code)};
  for (const std::string_view name : {"x-amzn-requestid", "x-amzn-errortype", "retry-after"}) {
    const std::string_view value = response.Header(name);
    if (!value.empty()) reply.headers.emplace_back(name, value);
  }
  reply.body = std::move(response.body);
  return reply;
}

}  // namespace

bool StepFunctionsProxy::Passes(std::string_view operation) {
  return operation == "SendTaskSuccess" || operation == "SendTaskFailure" || operation == "SendTaskHeartbeat";
}

void StepFunctionsProxy::Pass(std::string_view operation, std::string body, Done done) {
  api_->Call(operation, std::move(body), [gate = gate_, done = std::move(done)](StepFunctionsAnswer answer) {
    if (const outbound::Gate::Pass pass(*gate); pass) done(ReplyOf(std::move(answer)));
  });
}

}  // namespace tokenbroker::targets
