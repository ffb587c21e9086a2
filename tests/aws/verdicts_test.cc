#include "server/aws/verdicts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

namespace tokenbroker::aws {
namespace {

using broker::Reason;
using Token = broker::TaskAddress::Kind;

std::string ErrorOf(Reason reason, const std::string& field = "", Token token = Token::kToken) {
  const broker::Refusal refusal{reason, "why", field};
  const Error error = ToError(refusal, {"SendTaskFailure", "aws:AKID", token});
  return std::string(error.kind->name) + " " + std::to_string(error.kind->status) + ": " + error.message;
}

TEST(Verdicts, EveryReasonHasAnAwsError) {
  for (const broker::ReasonInfo& info : broker::AllReasons()) {
    if (info.reason == Reason::kInternal) continue;
    EXPECT_THAT(ErrorOf(info.reason), testing::Not(testing::StartsWith("InternalFailure"))) << info.name;
  }
  EXPECT_EQ(
      ErrorOf(Reason::kInternal),
      "InternalFailure 500: The request processing has failed because of an unknown error, exception or failure.");
}

TEST(Verdicts, CallsAreCountedUnderTheReasonsOwnCode) {
  for (const broker::ReasonInfo& info : broker::AllReasons()) {
    // No operation here is refused for these.
    const bool elsewhere = info.code == broker::Code::kAlreadyExists || info.code == broker::Code::kOutOfRange;
    if (elsewhere) continue;
    const Error error = ToError({info.reason, "why", "error"}, {"SendTaskFailure", "aws:AKID", Token::kToken});
    EXPECT_EQ(error.kind->code, static_cast<int>(info.code)) << info.name;
  }
}

TEST(Verdicts, WhatIsOverIsTimedOutInTheWordsThatClientsCompare) {
  for (Reason reason :
       {Reason::kTaskAlreadyResolved, Reason::kTaskExpired, Reason::kTaskCancelled, Reason::kTaskSuperseded}) {
    EXPECT_EQ(ErrorOf(reason), "TaskTimedOut 400: Task Timed Out: 'Provided task does not exist anymore'");
  }
}

TEST(Verdicts, AnUnknownTaskDependsOnTheToken) {
  EXPECT_EQ(ErrorOf(Reason::kTaskUnknown, "", Token::kUnknown), "InvalidToken 400: Invalid Token: 'Invalid token'");
  EXPECT_EQ(ErrorOf(Reason::kTaskUnknown, "", Token::kUpstream), "InvalidToken 400: Invalid Token: 'Invalid token'");
  EXPECT_EQ(ErrorOf(Reason::kTaskUnknown, "", Token::kToken),
            "TaskDoesNotExist 400: Task Does Not Exist: 'Provided task does not exist'");
}

TEST(Verdicts, WhatIsWrongWithAnOutputIsInvalidOutput) {
  EXPECT_EQ(ErrorOf(Reason::kInvalidField, "output"), "InvalidOutput 400: Invalid Output: 'why'");
  EXPECT_EQ(ErrorOf(Reason::kContractViolation, "output#/total"), "InvalidOutput 400: Invalid Output: 'why'");
  EXPECT_EQ(ErrorOf(Reason::kContractViolation, "error"),
            "ValidationException 400: 1 validation error detected: Value at 'error' failed to satisfy constraint: why");
}

TEST(Verdicts, TheRest) {
  EXPECT_EQ(
      ErrorOf(Reason::kPermissionDenied),
      "AccessDeniedException 400: User: aws:AKID is not authorized to perform: states:SendTaskFailure because why");
  EXPECT_EQ(ErrorOf(Reason::kOverloaded), "ThrottlingException 400: Rate exceeded");
  EXPECT_EQ(ErrorOf(Reason::kDraining), "ServiceUnavailableException 503: why");
}

TEST(Errors, AreSpelledAsAwsSpellsThem) {
  EXPECT_EQ(BodyOf({&kTaskTimedOut, "say \"why\"\n"}),
            "{\"__type\":\"com.amazonaws.swf.service.v2.model#TaskTimedOut\",\"message\":\"say \\\"why\\\"\\n\"}");
  EXPECT_EQ(BodyOf({&kUnknownOperation, ""}), "{\"__type\":\"com.amazon.coral.service#UnknownOperationException\"}");
  EXPECT_EQ(Shown("a\xFF\n" + std::string(200, 'b')), "a??" + std::string(125, 'b') + "...");
}

// The manual names every reason that the three operations can give.
TEST(Errors, AreInTheManual) {
  std::ifstream file(TB_SOURCES "/docs/aws.md");
  std::stringstream manual;
  manual << file.rdbuf();
  for (const ErrorKind* kind :
       {&kInvalidToken, &kInvalidOutput, &kTaskDoesNotExist, &kTaskTimedOut, &kValidation, &kThrottling,
        &kUnknownOperation, &kSerialization, &kAccessDenied, &kMissingAuthentication, &kIncompleteSignature,
        &kInvalidSignature, &kUnrecognizedClient, &kRequestTooLarge, &kRequestTimeout, &kInternalFailure,
        &kServiceUnavailable}) {
    EXPECT_THAT(manual.str(), testing::HasSubstr("`" + std::string(kind->name) + "`"));
  }
}

}  // namespace
}  // namespace tokenbroker::aws
