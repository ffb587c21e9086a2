#include "cli/error.h"

#include <cstdio>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "cli/time_text.h"
#include "google/rpc/error_details.pb.h"

namespace tokenbroker::cli {
namespace {

constexpr char kStatusPayload[] = "type.googleapis.com/google.rpc.Status";
constexpr char kRequestIdPayload[] = "tokenbroker/request-id";
constexpr char kDomain[] = "tokenbroker.v1";
constexpr char kReasonPrefix[] = "ERROR_REASON_";

void AddDetail(google::rpc::Status& status, const google::protobuf::Message& detail) {
  status.add_details()->PackFrom(detail);
}

void Take(const google::rpc::ErrorInfo& info, ErrorDetails& details) {
  details.reason_name = info.reason();
  v1::ErrorReason reason;
  if (v1::ErrorReason_Parse(kReasonPrefix + info.reason(), &reason)) details.reason = reason;
}

void Take(const google::rpc::BadRequest& bad, ErrorDetails& details) {
  for (const auto& violation : bad.field_violations()) {
    details.violations.push_back({violation.field(), violation.description()});
  }
}

void TakeAny(const google::protobuf::Any& any, ErrorDetails& details) {
  google::rpc::ErrorInfo info;
  google::rpc::BadRequest bad;
  google::rpc::RetryInfo retry;
  v1::ResolvedDetail resolved;
  if (any.UnpackTo(&info)) {
    Take(info, details);
  } else if (any.UnpackTo(&bad)) {
    Take(bad, details);
  } else if (any.UnpackTo(&retry)) {
    details.retry_after = ToMs(retry.retry_delay());
  } else if (any.UnpackTo(&resolved)) {
    details.resolved = std::move(resolved);
  }
}

v1::ItemError ErrorFor(v1::Verdict verdict) {
  v1::ItemError error;
  error.set_code(static_cast<int>(absl::StatusCode::kFailedPrecondition));
  switch (verdict) {
    case v1::VERDICT_CONFLICT:
      error.set_reason(v1::ERROR_REASON_TASK_ALREADY_RESOLVED);
      break;
    case v1::VERDICT_EXPIRED:
      error.set_reason(v1::ERROR_REASON_TASK_EXPIRED);
      break;
    case v1::VERDICT_CANCELLED:
      error.set_reason(v1::ERROR_REASON_TASK_CANCELLED);
      break;
    case v1::VERDICT_SUPERSEDED:
      error.set_reason(v1::ERROR_REASON_TASK_SUPERSEDED);
      break;
    case v1::VERDICT_UNKNOWN:
      error.set_code(static_cast<int>(absl::StatusCode::kNotFound));
      error.set_reason(v1::ERROR_REASON_TASK_UNKNOWN);
      break;
    default:
      error.set_code(static_cast<int>(absl::StatusCode::kInternal));
      error.set_reason(v1::ERROR_REASON_INTERNAL);
      error.set_message("the broker refused the outcome and gave no reason");
  }
  return error;
}

}  // namespace

absl::Status MakeError(const google::rpc::Status& status, const std::string& request_id) {
  absl::Status error(static_cast<absl::StatusCode>(status.code()), status.message());
  if (status.details_size() > 0) error.SetPayload(kStatusPayload, absl::Cord(status.SerializeAsString()));
  if (!request_id.empty()) error.SetPayload(kRequestIdPayload, absl::Cord(request_id));
  return error;
}

absl::Status MakeError(const v1::ItemError& item) {
  google::rpc::Status status;
  status.set_code(item.code() == 0 ? static_cast<int>(absl::StatusCode::kUnknown) : item.code());
  status.set_message(item.message());
  google::rpc::ErrorInfo info;
  info.set_domain(kDomain);
  info.set_reason(v1::ErrorReason_Name(item.reason()).substr(sizeof kReasonPrefix - 1));
  AddDetail(status, info);
  if (!item.field().empty()) {
    google::rpc::BadRequest bad;
    auto* violation = bad.add_field_violations();
    violation->set_field(item.field());
    violation->set_description(item.message());
    AddDetail(status, bad);
  }
  if (item.has_retry_after()) {
    google::rpc::RetryInfo retry;
    *retry.mutable_retry_delay() = item.retry_after();
    AddDetail(status, retry);
  }
  if (item.has_resolved()) AddDetail(status, item.resolved());
  return MakeError(status);
}

absl::Status StatusOf(const v1::SettlementResult& result) {
  switch (result.verdict()) {
    case v1::VERDICT_ACCEPTED:
    case v1::VERDICT_REPLAYED:
    case v1::VERDICT_PARKED:
      return absl::OkStatus();
    default:
      return MakeError(result.has_error() ? result.error() : ErrorFor(result.verdict()));
  }
}

ErrorDetails DetailsOf(const absl::Status& error) {
  ErrorDetails details;
  if (const auto id = error.GetPayload(kRequestIdPayload)) details.request_id = std::string(*id);
  const auto payload = error.GetPayload(kStatusPayload);
  google::rpc::Status status;
  if (!payload || !status.ParseFromString(std::string(*payload))) return details;
  for (const auto& any : status.details()) TakeAny(any, details);
  return details;
}

absl::Status ExplainTooLarge(const absl::Status& status, size_t request_bytes) {
  unsigned long long bytes = 0;
  unsigned long long most = 0;
  // An answer that is too large for this program is told in the same words.
  const bool too_large = status.code() == absl::StatusCode::kResourceExhausted && !IsOfBroker(status) &&
                         std::sscanf(std::string(status.message()).c_str(),
                                     "Received message larger than max (%llu vs. %llu)", &bytes, &most) == 2 &&
                         bytes == request_bytes;
  if (!too_large) return status;
  return absl::OutOfRangeError(absl::StrCat("the request has ", bytes, " bytes, and this broker reads at most ", most,
                                            " (its setting grpc.max_message_size); nothing was changed"));
}

bool IsOfBroker(const absl::Status& status) { return !DetailsOf(status).reason_name.empty(); }

bool IsRetryable(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded:
      return true;
    case absl::StatusCode::kResourceExhausted:
      return DetailsOf(status).retry_after.has_value();
    default:
      return false;
  }
}

bool IsEnd(v1::ErrorReason reason) {
  switch (reason) {
    case v1::ERROR_REASON_TASK_UNKNOWN:
    case v1::ERROR_REASON_TASK_ALREADY_RESOLVED:
    case v1::ERROR_REASON_TASK_EXPIRED:
    case v1::ERROR_REASON_TASK_CANCELLED:
    case v1::ERROR_REASON_TASK_SUPERSEDED:
      return true;
    default:
      return false;
  }
}

}  // namespace tokenbroker::cli
