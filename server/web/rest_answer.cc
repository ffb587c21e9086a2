#include "server/web/rest_answer.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "google/rpc/error_details.pb.h"
#include "json/fault.h"
#include "json/json_writer.h"
#include "server/rest/error_body.h"

namespace tokenbroker::web {
namespace {

constexpr int kUnauthorized = 401;

// The code that the status stands for, where there is no call that could say it better.
int CodeOf(int http_status) {
  switch (http_status) {
    case 404:
      return 5;
    case 405:
    case 501:
      return 12;
    case 429:
      return 8;
    case 503:
      return 14;
    default:
      return http_status >= 500 ? 13 : 3;
  }
}

}  // namespace

http::Response JsonAnswer(const google::protobuf::Message& message) {
  http::Response response;
  response.content_type = kJson;
  json::WriteJson(message, response.body);
  return response;
}

http::Response JsonRefusal(const google::rpc::Status& status, int http_status) {
  http::Response response;
  response.status = http_status == 0 ? rest::HttpStatusOf(status.code()) : http_status;
  response.content_type = kJson;
  rest::WriteError(status, response.body, http_status);
  if (const int64_t seconds = rest::RetryAfterOf(status); seconds > 0) {
    response.AddHeader("Retry-After", std::to_string(seconds));
  }
  if (response.status == kUnauthorized) response.AddHeader("WWW-Authenticate", "Bearer");
  return response;
}

broker::Refusal BadRequest(const absl::Status& fault) {
  return {broker::Reason::kInvalidField, std::string(fault.message()), json::FieldOf(fault)};
}

http::Response JsonFailure(const http::Failure& failure) {
  google::rpc::Status status;
  status.set_code(CodeOf(failure.status));
  status.set_message(failure.message);
  if (!failure.hint.empty()) absl::StrAppend(status.mutable_message(), "; did you mean ", failure.hint, "?");
  google::rpc::ErrorInfo info;
  for (const char* at = failure.reason; *at != '\0'; ++at) info.mutable_reason()->push_back(absl::ascii_toupper(*at));
  info.set_domain("tokenbroker.v1");
  status.add_details()->PackFrom(info);
  return JsonRefusal(status, failure.status);
}

}  // namespace tokenbroker::web
