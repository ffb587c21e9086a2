#include "server/rest/error_body.h"

#include <gtest/gtest.h>

#include "absl/status/status.h"
#include "google/rpc/error_details.pb.h"

namespace tokenbroker::rest {
namespace {

google::rpc::Status Overloaded(int64_t seconds, int32_t nanos) {
  google::rpc::Status status;
  status.set_code(static_cast<int>(absl::StatusCode::kResourceExhausted));
  status.set_message("say \"please\"");
  google::rpc::ErrorInfo info;
  info.set_reason("OVERLOADED");
  info.set_domain("tokenbroker.v1");
  status.add_details()->PackFrom(info);
  google::rpc::RetryInfo retry;
  retry.mutable_retry_delay()->set_seconds(seconds);
  retry.mutable_retry_delay()->set_nanos(nanos);
  status.add_details()->PackFrom(retry);
  return status;
}

TEST(WriteError, IsThatOfAip193) {
  std::string body;
  WriteError(Overloaded(0, 50'000'000), body);
  EXPECT_EQ(body,
            R"({"error":{"code":429,"status":"RESOURCE_EXHAUSTED","message":"say \"please\"","details":[)"
            R"({"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"OVERLOADED","domain":"tokenbroker.v1"},)"
            R"({"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"0.050s"}]}})");
}

TEST(WriteError, TakesNumbersThatAreNoCodes) {
  google::rpc::Status status;
  status.set_code(1234);
  std::string body;
  WriteError(status, body);
  EXPECT_EQ(body, R"({"error":{"code":500,"status":"UNKNOWN","message":"","details":[]}})");
}

// The numbers of google/rpc/code.proto, 0 to 16, in their order.
TEST(HttpStatusOf, IsThatOfGoogle) {
  const int expected[] = {200, 499, 500, 400, 504, 404, 409, 403, 429, 400, 409, 400, 501, 500, 503, 500, 401};
  for (int code = 0; code <= 16; ++code) EXPECT_EQ(HttpStatusOf(code), expected[code]) << code;
}

TEST(RetryAfterOf, IsInWholeSecondsRoundedUp) {
  EXPECT_EQ(RetryAfterOf(google::rpc::Status()), 0);
  EXPECT_EQ(RetryAfterOf(Overloaded(0, 0)), 1);
  EXPECT_EQ(RetryAfterOf(Overloaded(0, 1)), 1);
  EXPECT_EQ(RetryAfterOf(Overloaded(1, 0)), 1);
  EXPECT_EQ(RetryAfterOf(Overloaded(1, 1)), 2);
}

}  // namespace
}  // namespace tokenbroker::rest
