#include "bulk/result.h"

#include <gtest/gtest.h>

namespace tokenbroker::bulk {
namespace {

Result Accepted() {
  Result result;
  result.line = 7;
  result.judged.set_verdict(v1::VERDICT_ACCEPTED);
  result.judged.set_task_id("0123456789abcdef01");
  return result;
}

Result Conflict() {
  Result result = Accepted();
  result.judged.set_verdict(v1::VERDICT_CONFLICT);
  v1::ItemError& error = *result.judged.mutable_error();
  error.set_code(9);
  error.set_reason(v1::ERROR_REASON_TASK_ALREADY_RESOLVED);
  error.set_message("says \"no\"\nand more");
  error.mutable_resolved()->set_state(v1::TASK_STATE_FAILED);
  error.mutable_resolved()->mutable_outcome()->set_error("E");
  error.mutable_resolved()->mutable_outcome()->mutable_resolved_at()->set_seconds(1'800'000'000);
  error.mutable_resolved()->mutable_outcome()->set_resolved_by("key:erp");
  return result;
}

TEST(Result, IsALineOfJson) {
  EXPECT_EQ(WriteResult(Accepted(), Format::kJsonLines),
            R"({"line":7,"verdict":"ACCEPTED","task_id":"0123456789abcdef01"})");
  EXPECT_EQ(WriteResult(Conflict(), Format::kJsonLines),
            R"({"line":7,"verdict":"CONFLICT","task_id":"0123456789abcdef01","error":{"code":"FAILED_PRECONDITION",)"
            R"("reason":"TASK_ALREADY_RESOLVED","message":"says \"no\"\nand more","recorded":{"state":"FAILED",)"
            R"("error":"E","resolved_at":"2027-01-15T08:00:00Z","resolved_by":"key:erp"}}})");
}

TEST(Result, IsALineOfCsv) {
  EXPECT_EQ(WriteResult(Accepted(), Format::kCsv), "7,ACCEPTED,0123456789abcdef01,,,");
  EXPECT_EQ(WriteResult(Conflict(), Format::kCsv),
            "7,CONFLICT,0123456789abcdef01,TASK_ALREADY_RESOLVED,\"says \"\"no\"\" and more\",");
}

TEST(Result, SaysWhenARunWentOnWithAnother) {
  Result result = Accepted();
  result.judged.set_verdict(v1::VERDICT_REPLAYED);
  result.resumed = true;
  EXPECT_EQ(WriteResult(result, Format::kJsonLines),
            R"({"line":7,"verdict":"REPLAYED","task_id":"0123456789abcdef01","resumed":true})");
  EXPECT_EQ(WriteResult(result, Format::kCsv), "7,REPLAYED,0123456789abcdef01,,,true");
}

TEST(Result, SaysWhyARowWasNotRead) {
  Result result;
  result.line = 2;
  result.judged = Unreadable(absl::InvalidArgumentError("must be a JSON object"));
  EXPECT_EQ(WriteResult(result, Format::kCsv), "2,REFUSED,,INVALID_FIELD,\"must be a JSON object\",");
}

}  // namespace
}  // namespace tokenbroker::bulk
