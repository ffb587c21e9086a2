#include "server/targets/webhook_answer.h"

#include "absl/strings/str_cat.h"
#include "server/targets/answer_text.h"

namespace tokenbroker::targets {
namespace {

using forward::Answer;
using Kind = Answer::Kind;
using Failure = outbound::HttpResult::Failure;

std::string MessageOf(const outbound::HttpResult& result) {
  if (result.failure != Failure::kForbiddenAddress) return result.message;
  return absl::StrCat(result.message, ": only public addresses are, and those in the target's allowed_addresses");
}

Answer OfFailure(const outbound::HttpResult& result) {
  // An address that is not allowed, a URL that is none, a certificate that is not theirs: somebody has to mend it.
  const bool wrong = result.failure == Failure::kBadRequest || result.failure == Failure::kForbiddenAddress ||
                     result.failure == Failure::kTls;
  return {.kind = wrong ? Kind::kNeedsOperator : Kind::kRetry,
          .code = std::string(NameOf(result.failure)),
          .message = ForPeople(MessageOf(result)),
          .may_have_arrived = result.may_have_arrived};
}

struct Meaning {
  Kind kind;
  const char* message;
};

Meaning MeaningOf(int status, bool earlier) {
  switch (status) {
    case 408:
    case 425:
      return {Kind::kRetry, "the receiver asks for another try"};
    case 409:
      return {earlier ? Kind::kProbablyOurs : Kind::kRejected, "the receiver says that there is a conflict"};
    case 410:
      return {Kind::kRejected, "the receiver wants no more events here"};
    case 429:
      return {Kind::kThrottled, "the receiver asks for fewer calls"};
    case 401:
    case 402:
    case 403:
    case 404:
    case 405:
    case 407:
    case 421:
      return {Kind::kNeedsOperator, "the receiver does not take events from us, or not at this URL"};
  }
  if (status >= 500) return {Kind::kRetry, "the receiver has trouble"};
  if (status >= 400) return {Kind::kRejected, "the receiver refuses this event"};
  return {Kind::kNeedsOperator, "the receiver is elsewhere: redirects are not followed"};
}

}  // namespace

Answer WebhookAnswerOf(const outbound::HttpResult& result, bool may_have_arrived, TimeMs now) {
  if (!result.answered()) return OfFailure(result);
  const int status = result.response.status;
  if (status >= 200 && status < 300) return {.kind = Kind::kAccepted, .code = absl::StrCat("HTTP ", status)};
  const Meaning meaning = MeaningOf(status, may_have_arrived || result.resent);
  const bool again = meaning.kind == Kind::kRetry || meaning.kind == Kind::kThrottled;
  return {.kind = meaning.kind,
          .code = absl::StrCat("HTTP ", status),
          .message = meaning.message,
          .retry_after = again ? outbound::RetryAfterOf(result.response, now) : 0,
          .may_have_arrived = status >= 500 || result.resent};
}

}  // namespace tokenbroker::targets
