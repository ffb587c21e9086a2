#include "tests/targets/send_task.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "nlohmann/json.hpp"

namespace tokenbroker::targets {
namespace {

constexpr char kPrefix[] = "AWSStepFunctions.";
constexpr char kType[] = "Content-Type: application/x-amz-json-1.0\r\nx-amzn-RequestId: stub\r\n";

}  // namespace

std::optional<SendTask> ReadSendTask(const outbound::SeenRequest& request) {
  const std::string target = request.Field("x-amz-target");
  absl::string_view operation = target;
  if (!absl::ConsumePrefix(&operation, kPrefix)) return std::nullopt;
  if (!absl::StartsWith(request.Field("authorization"), "AWS4-HMAC-SHA256 Credential=")) return std::nullopt;
  const nlohmann::json body = nlohmann::json::parse(request.body, nullptr, /*allow_exceptions=*/false);
  if (!body.is_object() || !body.contains("taskToken")) return std::nullopt;
  const auto text = [&](const char* name) { return body.value(name, std::string()); };
  return SendTask{std::string(operation), text("taskToken"), text("output"), text("error"), text("cause")};
}

outbound::Step Taken() { return outbound::Step::Answer(200, "{}", kType); }

outbound::Step Refused(std::string_view name, int status, std::string_view message, std::string_view headers) {
  const nlohmann::json body = {{"__type", "com.amazonaws.swf.service.v2.model#" + std::string(name)},
                               {"message", std::string(message)}};
  return outbound::Step::Answer(status, body.dump(), kType + std::string(headers));
}

}  // namespace tokenbroker::targets
