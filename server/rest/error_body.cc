#include "server/rest/error_body.h"

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "google/rpc/error_details.pb.h"
#include "json/json_writer.h"

namespace tokenbroker::rest {

int HttpStatusOf(int code) {
  switch (static_cast<absl::StatusCode>(code)) {
    case absl::StatusCode::kOk:
      return 200;
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kOutOfRange:
      return 400;
    case absl::StatusCode::kUnauthenticated:
      return 401;
    case absl::StatusCode::kPermissionDenied:
      return 403;
    case absl::StatusCode::kNotFound:
      return 404;
    case absl::StatusCode::kAlreadyExists:
    case absl::StatusCode::kAborted:
      return 409;
    case absl::StatusCode::kResourceExhausted:
      return 429;
    case absl::StatusCode::kCancelled:
      return 499;
    case absl::StatusCode::kUnimplemented:
      return 501;
    case absl::StatusCode::kUnavailable:
      return 503;
    case absl::StatusCode::kDeadlineExceeded:
      return 504;
    default:
      return 500;
  }
}

void WriteError(const google::rpc::Status& status, std::string& out, int http_status) {
  const std::string name = absl::StatusCodeToString(static_cast<absl::StatusCode>(status.code()));
  absl::StrAppend(&out, R"({"error":{"code":)", http_status == 0 ? HttpStatusOf(status.code()) : http_status,
                  R"(,"status":")", name.empty() ? "UNKNOWN" : name, R"(","message":)");
  json::WriteString(status.message(), out);
  out += R"(,"details":[)";
  for (const google::protobuf::Any& detail : status.details()) {
    if (&detail != &status.details(0)) out.push_back(',');
    json::WriteJson(detail, out);
  }
  out += "]}}";
}

int64_t RetryAfterOf(const google::rpc::Status& status) {
  google::rpc::RetryInfo retry;
  for (const google::protobuf::Any& detail : status.details()) {
    if (!detail.Is<google::rpc::RetryInfo>() || !detail.UnpackTo(&retry)) continue;
    return std::max<int64_t>(1, retry.retry_delay().seconds() + (retry.retry_delay().nanos() > 0 ? 1 : 0));
  }
  return 0;
}

}  // namespace tokenbroker::rest
