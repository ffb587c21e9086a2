#include "server/targets/step_functions_answer.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/json.h"
#include "server/targets/answer_text.h"

namespace tokenbroker::targets {
namespace {

using forward::Answer;
using outbound::aws::JsonAnswer;
using Kind = Answer::Kind;

struct Row {
  std::string_view code;
  Kind kind;
};

// By AWS's names. What is not here is judged by the HTTP status.
constexpr Row kRows[] = {
    // The outcome, or its token, will never be taken.
    {"TaskTimedOut", Kind::kRejected},
    {"TaskDoesNotExist", Kind::kRejected},
    {"InvalidToken", Kind::kRejected},
    {"InvalidOutput", Kind::kRejected},
    {"ValidationException", Kind::kRejected},
    {"SerializationException", Kind::kRejected},
    {"RequestEntityTooLargeException", Kind::kRejected},
    // Fewer calls. The names that AWS's own SDKs know.
    {"Throttling", Kind::kThrottled},
    {"ThrottlingException", Kind::kThrottled},
    {"ThrottledException", Kind::kThrottled},
    {"RequestThrottled", Kind::kThrottled},
    {"RequestThrottledException", Kind::kThrottled},
    {"RequestLimitExceeded", Kind::kThrottled},
    {"TooManyRequestsException", Kind::kThrottled},
    {"BandwidthLimitExceeded", Kind::kThrottled},
    {"LimitExceededException", Kind::kThrottled},
    {"SlowDown", Kind::kThrottled},
    {"PriorRequestNotComplete", Kind::kThrottled},
    // Not Step Functions' quota but the key's; passes like the others.
    {"KmsThrottlingException", Kind::kThrottled},
    // Passes by itself.
    {"InternalFailure", Kind::kRetry},
    {"InternalServerError", Kind::kRetry},
    {"InternalServerException", Kind::kRetry},
    {"InternalError", Kind::kRetry},
    {"ServiceUnavailable", Kind::kRetry},
    {"ServiceUnavailableException", Kind::kRetry},
    {"RequestTimeout", Kind::kRetry},
    {"RequestTimeoutException", Kind::kRetry},
    // Rights, keys, settings.
    {"AccessDenied", Kind::kNeedsOperator},
    {"AccessDeniedException", Kind::kNeedsOperator},
    {"ExpiredToken", Kind::kNeedsOperator},
    {"ExpiredTokenException", Kind::kNeedsOperator},
    {"UnrecognizedClientException", Kind::kNeedsOperator},
    {"InvalidClientTokenId", Kind::kNeedsOperator},
    {"InvalidSignatureException", Kind::kNeedsOperator},
    {"IncompleteSignatureException", Kind::kNeedsOperator},
    {"MissingAuthenticationTokenException", Kind::kNeedsOperator},
    {"OptInRequired", Kind::kNeedsOperator},
    {"KmsAccessDeniedException", Kind::kNeedsOperator},
    {"KmsInvalidStateException", Kind::kNeedsOperator},
    {"UnknownOperationException", Kind::kNeedsOperator},
};

Kind KindOfStatus(int status) {
  if (status == 429) return Kind::kThrottled;
  if (status == 413) return Kind::kRejected;
  if (status == 408 || status >= 500) return Kind::kRetry;
  // Whatever it is, it is not what Step Functions says: another server, another path. Nothing is given up for it.
  return Kind::kNeedsOperator;
}

Kind KindOf(const JsonAnswer& answer) {
  const auto row =
      std::find_if(std::begin(kRows), std::end(kRows), [&](const Row& each) { return each.code == answer.code; });
  return row == std::end(kRows) ? KindOfStatus(answer.http.response.status) : row->kind;
}

// These quote what was sent.
bool QuotesPayload(std::string_view code) {
  return code == "InvalidOutput" || code == "ValidationException" || code == "SerializationException";
}

std::string MessageOf(const JsonAnswer& answer, const Sent& sent) {
  const std::string status = absl::StrCat("HTTP ", answer.http.response.status);
  if (answer.message.empty() || QuotesPayload(answer.code)) return status;
  return ForPeople(absl::StrCat(status, ": ", answer.message), sent.upstream_token);
}

Answer OfRefusal(const JsonAnswer& answer, const Sent& sent, TimeMs now) {
  Answer out{.kind = KindOf(answer), .code = answer.code, .message = MessageOf(answer, sent)};
  const int status = answer.http.response.status;
  if (out.code.empty()) out.code = absl::StrCat("HTTP ", status);
  if (answer.mended) out.kind = Kind::kRetry;
  const bool earlier = sent.may_have_arrived || answer.http.resent;
  if (answer.code == "TaskTimedOut" && earlier && !sent.is_beat) out.kind = Kind::kProbablyOurs;
  // Nobody knows how far it had got; nor what became of the first copy of what was sent twice.
  out.may_have_arrived = (out.kind == Kind::kRetry && status >= 500) || answer.http.resent;
  if (out.kind == Kind::kThrottled || out.kind == Kind::kRetry) {
    out.retry_after = outbound::RetryAfterOf(answer.http.response, now);
  }
  return out;
}

Answer OfFailure(const outbound::HttpResult& result) {
  using Failure = outbound::HttpResult::Failure;
  const bool wrong = result.failure == Failure::kBadRequest || result.failure == Failure::kTls;
  return {.kind = wrong ? Kind::kNeedsOperator : Kind::kRetry,
          .code = std::string(NameOf(result.failure)),
          .message = ForPeople(result.message),
          .may_have_arrived = result.may_have_arrived};
}

Answer OfMissingCredentials(const absl::Status& status) {
  return {.kind = absl::IsUnavailable(status) ? Kind::kRetry : Kind::kNeedsOperator,
          .code = absl::IsInvalidArgument(status) ? "bad request" : "no credentials",
          .message = ForPeople(std::string_view(status.message().data(), status.message().size()))};
}

// Step Functions answers {}, or nothing: with anything else it was somebody in between.
bool IsSuccessBody(std::string_view body) {
  return body.empty() || (CheckJson(body).ok() && body[body.find_first_not_of(" \t\r\n")] == '{');
}

}  // namespace

Answer AnswerOf(const JsonAnswer& answer, const Sent& sent, TimeMs now) {
  if (!answer.prepared.ok()) return OfMissingCredentials(answer.prepared);
  if (!answer.http.answered()) return OfFailure(answer.http);
  if (!answer.ok()) return OfRefusal(answer, sent, now);
  if (IsSuccessBody(answer.http.response.body)) return {.kind = Kind::kAccepted, .code = "OK"};
  return {.kind = Kind::kRetry,
          .code = "bad answer",
          .message = "HTTP 200, but the body is no JSON object: this is not Step Functions' answer",
          .may_have_arrived = true};
}

bool IsThrottled(const JsonAnswer& answer) {
  return answer.prepared.ok() && answer.http.answered() && answer.http.response.status != 200 &&
         answer.code != "KmsThrottlingException" && KindOf(answer) == Kind::kThrottled;
}

}  // namespace tokenbroker::targets
