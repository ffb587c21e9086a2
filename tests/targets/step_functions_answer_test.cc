#include "server/targets/step_functions_answer.h"

#include <gtest/gtest.h>

#include "tests/outbound/fake_http.h"
#include "tests/targets/fixtures.h"

namespace tokenbroker::targets {
namespace {

using forward::Answer;
using outbound::HttpResult;
using outbound::aws::JsonAnswer;
using Kind = Answer::Kind;

JsonAnswer Refusal(int status, std::string code, std::string message = "m", outbound::HttpHeaders headers = {}) {
  JsonAnswer answer;
  answer.http = outbound::Answered(status, "", std::move(headers));
  answer.code = std::move(code);
  answer.message = std::move(message);
  return answer;
}

JsonAnswer Success(std::string body) {
  JsonAnswer answer;
  answer.http = outbound::Answered(200, std::move(body));
  return answer;
}

struct Case {
  int status;
  const char* code;
  Kind kind;
  // After an earlier try that may have arrived, if that is another.
  Kind after_earlier;
};

// The table of docs/forwarding.md.
constexpr Case kCases[] = {
    // The task, its token or the outcome.
    {400, "TaskTimedOut", Kind::kRejected, Kind::kProbablyOurs},
    {400, "TaskDoesNotExist", Kind::kRejected, Kind::kRejected},
    {400, "InvalidToken", Kind::kRejected, Kind::kRejected},
    {400, "InvalidOutput", Kind::kRejected, Kind::kRejected},
    {400, "ValidationException", Kind::kRejected, Kind::kRejected},
    {400, "SerializationException", Kind::kRejected, Kind::kRejected},
    {413, "", Kind::kRejected, Kind::kRejected},
    {413, "RequestEntityTooLargeException", Kind::kRejected, Kind::kRejected},
    // Throttling.
    {400, "ThrottlingException", Kind::kThrottled, Kind::kThrottled},
    {400, "Throttling", Kind::kThrottled, Kind::kThrottled},
    {400, "ThrottledException", Kind::kThrottled, Kind::kThrottled},
    {400, "RequestThrottledException", Kind::kThrottled, Kind::kThrottled},
    {400, "RequestLimitExceeded", Kind::kThrottled, Kind::kThrottled},
    {400, "TooManyRequestsException", Kind::kThrottled, Kind::kThrottled},
    {400, "KmsThrottlingException", Kind::kThrottled, Kind::kThrottled},
    {429, "", Kind::kThrottled, Kind::kThrottled},
    {503, "ThrottlingException", Kind::kThrottled, Kind::kThrottled},
    // Passes by itself.
    {500, "", Kind::kRetry, Kind::kRetry},
    {500, "InternalFailure", Kind::kRetry, Kind::kRetry},
    {502, "", Kind::kRetry, Kind::kRetry},
    {503, "ServiceUnavailable", Kind::kRetry, Kind::kRetry},
    {504, "", Kind::kRetry, Kind::kRetry},
    {509, "", Kind::kRetry, Kind::kRetry},
    {408, "RequestTimeoutException", Kind::kRetry, Kind::kRetry},
    {400, "ServiceUnavailableException", Kind::kRetry, Kind::kRetry},
    // Somebody has to mend it.
    {400, "AccessDeniedException", Kind::kNeedsOperator, Kind::kNeedsOperator},
    {403, "AccessDeniedException", Kind::kNeedsOperator, Kind::kNeedsOperator},
    {400, "ExpiredTokenException", Kind::kNeedsOperator, Kind::kNeedsOperator},
    {400, "UnrecognizedClientException", Kind::kNeedsOperator, Kind::kNeedsOperator},
    {400, "InvalidSignatureException", Kind::kNeedsOperator, Kind::kNeedsOperator},
    {400, "KmsAccessDeniedException", Kind::kNeedsOperator, Kind::kNeedsOperator},
    {400, "KmsInvalidStateException", Kind::kNeedsOperator, Kind::kNeedsOperator},
    {400, "UnknownOperationException", Kind::kNeedsOperator, Kind::kNeedsOperator},
    {400, "SomethingNew", Kind::kNeedsOperator, Kind::kNeedsOperator},
    {400, "", Kind::kNeedsOperator, Kind::kNeedsOperator},
    {404, "", Kind::kNeedsOperator, Kind::kNeedsOperator},
    {301, "", Kind::kNeedsOperator, Kind::kNeedsOperator},
    {204, "", Kind::kNeedsOperator, Kind::kNeedsOperator},
};

TEST(StepFunctionsAnswer, MeansWhatTheTableSays) {
  for (const Case& each : kCases) {
    const JsonAnswer refusal = Refusal(each.status, each.code);
    EXPECT_EQ(NameOf(AnswerOf(refusal, {}, kNow).kind), NameOf(each.kind)) << each.status << " " << each.code;
    EXPECT_EQ(NameOf(AnswerOf(refusal, {.may_have_arrived = true}, kNow).kind), NameOf(each.after_earlier))
        << each.status << " " << each.code;
    EXPECT_EQ(NameOf(AnswerOf(refusal, {.is_beat = true, .may_have_arrived = true}, kNow).kind), NameOf(each.kind));
  }
}

TEST(StepFunctionsAnswer, IsNamedAfterAwsOrTheStatus) {
  EXPECT_EQ(AnswerOf(Refusal(400, "TaskTimedOut"), {}, kNow).code, "TaskTimedOut");
  EXPECT_EQ(AnswerOf(Refusal(502, ""), {}, kNow).code, "HTTP 502");
}

TEST(StepFunctionsAnswer, OnlyAnAnswerOfStepFunctionsIsASuccess) {
  for (const char* body : {"", "{}", " {} \n", R"({"a":1})"}) {
    EXPECT_EQ(NameOf(AnswerOf(Success(body), {}, kNow).kind), NameOf(Kind::kAccepted)) << body;
  }
  for (const char* body : {"<html>welcome</html>", "[]", "\"ok\"", "{", "{}{}"}) {
    const Answer answer = AnswerOf(Success(body), {}, kNow);
    EXPECT_EQ(NameOf(answer.kind), NameOf(Kind::kRetry)) << body;
    EXPECT_TRUE(answer.may_have_arrived) << body;
  }
}

TEST(StepFunctionsAnswer, FailuresPassOnWhetherItMayHaveArrived) {
  for (const bool arrived : {false, true}) {
    JsonAnswer answer;
    answer.http = outbound::Failed(HttpResult::Failure::kCut, arrived);
    EXPECT_EQ(NameOf(AnswerOf(answer, {}, kNow).kind), NameOf(Kind::kRetry));
    EXPECT_EQ(AnswerOf(answer, {}, kNow).may_have_arrived, arrived);
  }
  EXPECT_TRUE(AnswerOf(Refusal(500, ""), {}, kNow).may_have_arrived);
  EXPECT_FALSE(AnswerOf(Refusal(400, "ThrottlingException"), {}, kNow).may_have_arrived);
}

TEST(StepFunctionsAnswer, WhatWasSentTwiceMayBeOurs) {
  JsonAnswer answer = Refusal(400, "TaskTimedOut");
  answer.http.resent = true;
  EXPECT_EQ(NameOf(AnswerOf(answer, {}, kNow).kind), NameOf(Kind::kProbablyOurs));
}

// The second copy was refused for now; the first may be there all the same, which the next try has to know.
TEST(StepFunctionsAnswer, WhatWasSentTwiceMayHaveArrivedWhateverTheAnswer) {
  for (JsonAnswer answer : {Refusal(429, ""), Refusal(400, "AccessDeniedException"), Refusal(408, "")}) {
    EXPECT_FALSE(AnswerOf(answer, {}, kNow).may_have_arrived);
    answer.http.resent = true;
    EXPECT_TRUE(AnswerOf(answer, {}, kNow).may_have_arrived);
  }
}

TEST(StepFunctionsAnswer, WhatHasBeenMendedIsTriedAgain) {
  JsonAnswer answer = Refusal(400, "ExpiredTokenException");
  answer.mended = true;
  EXPECT_EQ(NameOf(AnswerOf(answer, {}, kNow).kind), NameOf(Kind::kRetry));
}

TEST(StepFunctionsAnswer, MissingCredentialsAreForTheOperatorUnlessItPasses) {
  JsonAnswer answer;
  answer.prepared = absl::NotFoundError("none are set up");
  EXPECT_EQ(NameOf(AnswerOf(answer, {}, kNow).kind), NameOf(Kind::kNeedsOperator));
  answer.prepared = absl::UnavailableError("STS is down");
  EXPECT_EQ(NameOf(AnswerOf(answer, {}, kNow).kind), NameOf(Kind::kRetry));
  EXPECT_EQ(AnswerOf(answer, {}, kNow).message, "STS is down");
}

TEST(StepFunctionsAnswer, TellsHowLongToWait) {
  EXPECT_EQ(AnswerOf(Refusal(503, "", "m", {{"retry-after", "7"}}), {}, kNow).retry_after, 7'000);
  EXPECT_EQ(AnswerOf(Refusal(400, "TaskTimedOut", "m", {{"retry-after", "7"}}), {}, kNow).retry_after, 0);
}

TEST(StepFunctionsAnswer, ShowsNeitherTokensNorPayloads) {
  const Sent sent{.upstream_token = kUpstreamToken};
  for (const char* code : {"InvalidOutput", "ValidationException", "SerializationException"}) {
    EXPECT_EQ(AnswerOf(Refusal(400, code, "Value 'my payload'"), sent, kNow).message, "HTTP 400") << code;
  }
  const Answer answer = AnswerOf(Refusal(400, "InvalidToken", "Invalid Token: '" + kUpstreamToken + "'"), sent, kNow);
  EXPECT_EQ(answer.message, "HTTP 400: Invalid Token: '...'");
}

TEST(StepFunctionsAnswer, OnlyStepFunctionsOwnThrottlingShrinksItsQuota) {
  EXPECT_TRUE(IsThrottled(Refusal(400, "ThrottlingException")));
  EXPECT_TRUE(IsThrottled(Refusal(429, "")));
  EXPECT_FALSE(IsThrottled(Refusal(400, "KmsThrottlingException")));
  EXPECT_FALSE(IsThrottled(Refusal(500, "")));
  EXPECT_FALSE(IsThrottled(Success("{}")));
}

}  // namespace
}  // namespace tokenbroker::targets
