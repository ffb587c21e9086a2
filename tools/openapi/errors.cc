#include "tools/openapi/errors.h"

#include <algorithm>

#include "absl/status/status.h"
#include "server/rest/error_body.h"
#include "tools/openapi/comments.h"

namespace tokenbroker::openapi {
namespace {

constexpr char kReasons[] = "tokenbroker.v1.ErrorReason";
constexpr size_t kPrefix = sizeof("ERROR_REASON_") - 1;
// Whatever a call does.
constexpr const char* kOfAnyCall[] = {"CREDENTIALS_UNKNOWN", "INTERNAL"};

int CodeNamed(const std::string& name) {
  for (int code = 0; code <= 16; ++code) {
    if (absl::StatusCodeToString(static_cast<absl::StatusCode>(code)) == name) return code;
  }
  return static_cast<int>(absl::StatusCode::kUnknown);
}

}  // namespace

Errors::Errors(const Contract& contract, Schemas& schemas)
    : contract_(contract), schema_(schemas.RefToError(contract)) {
  const auto& type = contract.Enum(kReasons);
  for (int i = 1; i < type.value_count(); ++i) {
    const std::string comment = CommentOf(*type.value(i));
    const size_t colon = std::min(comment.find(": "), comment.size());
    reasons_.push_back({type.value(i)->name().substr(kPrefix), CodeNamed(comment.substr(0, colon)),
                        comment.substr(std::min(colon + 2, comment.size()))});
  }
}

void Errors::AddResponses(const std::string& comment, Json& responses) const {
  std::vector<std::string> given = ReasonsIn(comment, contract_.Enum(kReasons));
  given.insert(given.end(), std::begin(kOfAnyCall), std::end(kOfAnyCall));
  std::map<int, Json> by_status;
  for (const Reason& reason : reasons_) {
    if (std::count(given.begin(), given.end(), reason.name) == 0) continue;
    Json& response = by_status[rest::HttpStatusOf(reason.code)];
    std::string text;
    Json examples = Json::object();
    if (!response.is_null()) {
      text = response["description"].get<std::string>() + "\n";
      examples = response["content"]["application/json"]["examples"];
    }
    text += "* `" + reason.name + "`: " + reason.text;
    examples[reason.name] = {{"$ref", "#/components/examples/" + reason.name}};
    response = {{"description", text},
                {"content", {{"application/json", {{"schema", schema_}, {"examples", examples}}}}}};
  }
  for (auto& [status, response] : by_status) responses[std::to_string(status)] = std::move(response);
  responses["default"] = {{"description", "Any other refusal."},
                          {"content", {{"application/json", {{"schema", schema_}}}}}};
}

Json Errors::Examples() const {
  Json examples = Json::object();
  for (const Reason& reason : reasons_) {
    examples[reason.name] = {{"summary", FirstSentence(reason.text)},
                             {"value", ErrorExample(reason.name, reason.code, FirstSentence(reason.text))}};
  }
  return examples;
}

}  // namespace tokenbroker::openapi
