#include "server/outbound/aws/json_client.h"

#include <gtest/gtest.h>

#include "tests/outbound/aws/fake_world.h"

namespace tokenbroker::outbound::aws {
namespace {

class JsonClientTest : public testing::Test {
 protected:
  JsonAnswer Call() {
    JsonAnswer answer;
    client_.Call("SendTaskSuccess", "{}", [&](JsonAnswer the_answer) { answer = std::move(the_answer); });
    return answer;
  }
  JsonAnswer Refused(const std::string& type, const std::string& message, HttpHeaders headers = {}) {
    http_.answer = [=](const HttpRequest&) {
      return Answered(400, R"({"__type":")" + type + R"(","message":")" + message + "\"}", headers);
    };
    return Call();
  }

  ManualClock clock_{kNow};
  FakeHttp http_;
  absl::StatusOr<Credentials> credentials_ = Credentials{"AK", "very-secret", "session-secret", 0};
  std::shared_ptr<CachedCredentials> cached_ =
      std::make_shared<CachedCredentials>([this](const CredentialsDone& done) { done(credentials_); }, clock_);
  JsonClient client_{{"states", "r", "http://127.0.0.1:1", "AWSStepFunctions"}, http_, cached_, clock_};
};

TEST_F(JsonClientTest, SendsASignedCall) {
  http_.answer = [](const HttpRequest&) { return Answered(200, "{}"); };
  EXPECT_TRUE(Call().ok());
  const HttpRequest& request = http_.requests.back();
  EXPECT_EQ(request.method + " " + request.url, "POST http://127.0.0.1:1/");
  EXPECT_EQ(FieldOf(request, "X-Amz-Target"), "AWSStepFunctions.SendTaskSuccess");
  EXPECT_EQ(FieldOf(request, "Content-Type"), "application/x-amz-json-1.0");
  EXPECT_EQ(FieldOf(request, "X-Amz-Security-Token"), "session-secret");
  EXPECT_NE(FieldOf(request, "Authorization")
                .find("SignedHeaders=content-type;host;x-amz-date;x-amz-security-token;"
                      "x-amz-target"),
            std::string::npos);
}

TEST_F(JsonClientTest, ReadsTheErrorsName) {
  EXPECT_EQ(Refused("com.amazonaws.swf.service.v2.model#TaskTimedOut", "m").code, "TaskTimedOut");
  EXPECT_EQ(Refused("TaskTimedOut:http://x", "m").code, "TaskTimedOut");
  EXPECT_EQ(Refused("other", "m", {{"x-amzn-errortype", "Throttling:http://x"}}).code, "Throttling");
  http_.answer = [](const HttpRequest&) { return Answered(400, "<html>"); };
  EXPECT_EQ(Call().code, "");
}

TEST_F(JsonClientTest, ShowsNoCredentials) {
  EXPECT_EQ(Refused("InvalidSignatureException", "No match.\\n\\nx-amz-security-token:session-secret").message,
            "No match.");
  EXPECT_EQ(Refused("X", "token session-secret, key very-secret").message, "token ..., key ...");
  EXPECT_EQ(Refused("X", "AK may not").message, "... may not");
}

TEST_F(JsonClientTest, AsksForOtherCredentialsWhenTheseHaveExpired) {
  EXPECT_TRUE(Refused("ExpiredTokenException", "m").mended);
  // They are the same.
  EXPECT_FALSE(Refused("ExpiredTokenException", "m").mended);
  credentials_ = Credentials{"AK2", "s", "", 0};
  clock_.Advance(60'000);
  EXPECT_EQ(Refused("AccessDeniedException", "m").mended, false);
  EXPECT_NE(FieldOf(http_.requests.back(), "Authorization").find("Credential=AK2/"), std::string::npos);
}

TEST_F(JsonClientTest, SetsItsClockByAws) {
  const HttpHeaders date = {{"date", "Fri, 20 Nov 2026 19:16:06 GMT"}};
  EXPECT_TRUE(Refused("InvalidSignatureException", "Signature expired: x", date).mended);
  EXPECT_EQ(FieldOf(http_.requests.back(), "X-Amz-Date"), "20261120T181606Z");
  EXPECT_FALSE(Refused("InvalidSignatureException", "Signature expired: x", date).mended);
  EXPECT_EQ(FieldOf(http_.requests.back(), "X-Amz-Date"), "20261120T191606Z");
}

TEST_F(JsonClientTest, SaysWhyThereAreNoCredentials) {
  credentials_ = absl::FailedPreconditionError("none");
  EXPECT_EQ(Call().prepared, credentials_.status());
  EXPECT_TRUE(http_.requests.empty());
}

}  // namespace
}  // namespace tokenbroker::outbound::aws
