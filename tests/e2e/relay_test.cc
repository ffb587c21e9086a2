// Calls of AWS clients for tokens that the broker does not know: passed to Step Functions, and answered with its
// answer, byte for byte, by the real broker.
#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/e2e/forwarding_fixture.h"
#include "tests/http/raw_peer.h"

namespace tokenbroker::testing {
namespace {

using outbound::FaultServer;
using outbound::SeenRequest;
using outbound::Step;
using ::testing::HasSubstr;

constexpr char kJson[] = "application/x-amz-json-1.0";

class RelayTest : public ForwardingTest {
 protected:
  void StartRelaying(const std::string& endpoint) {
    StartForwarding(endpoint, {"--forwarding-proxy-target", "engine"});
  }
  http::RawAnswer Call(const std::string& operation, const std::string& body) {
    http::RawPeer peer(static_cast<uint16_t>(process().http_port()));
    peer.Send(absl::StrCat("POST / HTTP/1.1\r\nHost: broker\r\nContent-Type: ", kJson,
                           "\r\nX-Amz-Target: AWSStepFunctions.", operation, "\r\nContent-Length: ", body.size(),
                           "\r\n\r\n", body));
    return peer.ReadAnswer();
  }
  // No delivery is made in most of these tests, so that there is no metric of one.
  void TearDown() override {
    if (process().Running()) DeliverOne();
    ForwardingTest::TearDown();
  }
  void DeliverOne() {
    IssueAndSettle("last");
    Becomes("last", [](const v1::Delivery& delivery) { return !delivery.answer_code().empty(); });
  }
};

struct Reply {
  int status;
  const char* type;
  const char* message;
};

// What AWS says, word for word where it says words.
constexpr Reply kReplies[] = {
    {400, "com.amazonaws.swf.service.v2.model#TaskTimedOut", "Task Timed Out: 'Provided task does not exist anymore'"},
    {400, "com.amazonaws.swf.service.v2.model#TaskDoesNotExist", "no such task"},
    {400, "com.amazonaws.swf.service.v2.model#InvalidToken", "Invalid Token: 'Invalid token'"},
    {400, "com.amazonaws.swf.service.v2.model#InvalidOutput", "Invalid Output: '{\\\"caf\xc3\xa9'"},
    {400, "com.amazonaws.swf.service.v2.model#ValidationException", "1 validation error detected"},
    {400, "com.amazonaws.swf.service.v2.model#KmsAccessDeniedException", "no use of the key"},
    {400, "com.amazon.coral.service#AccessDeniedException", "User is not authorized"},
    {400, "com.amazon.coral.availability#ThrottlingException", "Rate exceeded"},
    {429, "TooManyRequestsException", "later"},
    {500, "com.amazon.coral.service#InternalFailure", ""},
    {503, "com.amazon.coral.service#ServiceUnavailableException", "later"},
};

TEST_F(RelayTest, PassesTheBodyOnAndTheAnswerBackAsTheyAre) {
  std::vector<Step> script;
  std::vector<std::string> bodies;
  for (const Reply& reply : kReplies) {
    bodies.push_back(absl::StrCat("{ \"message\":\"", reply.message, "\",\n \"__type\":\"", reply.type, "\"}"));
    script.push_back(Step::Answer(reply.status, bodies.back(),
                                  absl::StrCat("Content-Type: ", kJson, "\r\nx-amzn-RequestId: request-", bodies.size(),
                                               "\r\nRetry-After: 7\r\n")));
  }
  script.push_back(Step::Answer(200, "{}", "x-amzn-RequestId: well\r\n"));
  FaultServer engine(script);
  StartRelaying(engine.url());
  // Spaces, escapes and names that nobody knows: none of the broker's business.
  const std::string sent = "{ \"output\" : \"{\\\"a\\\": 1.00, \\u00e9}\",\n  \"taskToken\":\"" +
                           EngineToken("unknown") + "\", \"later\":null }";
  for (size_t i = 0; i < bodies.size(); ++i) {
    const http::RawAnswer answer = Call("SendTaskFailure", sent);
    EXPECT_EQ(answer.status, kReplies[i].status);
    EXPECT_EQ(answer.body, bodies[i]);
    EXPECT_EQ(answer.Field("x-amzn-RequestId"), absl::StrCat("request-", i + 1));
    EXPECT_EQ(answer.Field("Content-Type"), kJson);
    EXPECT_EQ(answer.Field("Retry-After"), "7");
    EXPECT_EQ(answer.Field("x-tokenbroker-relayed"), "true");
    const SeenRequest request = engine.TakeRequest();
    EXPECT_EQ(request.body, sent);
    EXPECT_EQ(request.Field("X-Amz-Target"), "AWSStepFunctions.SendTaskFailure");
    EXPECT_THAT(request.Field("Authorization"), HasSubstr("Credential=AKIDFIRST/"));
  }
  EXPECT_EQ(engine.requests(), bodies.size()) << "each was asked once: to try again is the caller's";
}

TEST_F(RelayTest, EachOperationGoesUnderItsName) {
  FaultServer engine({Step::Answer(200, "{}", "x-amzn-RequestId: well\r\n")});
  StartRelaying(engine.url());
  const std::string token = "\"taskToken\":\"" + EngineToken("unknown") + "\"";
  const std::pair<const char*, std::string> calls[] = {{"SendTaskSuccess", "{" + token + ",\"output\":\"1\"}"},
                                                       {"SendTaskFailure", "{" + token + "}"},
                                                       {"SendTaskHeartbeat", "{" + token + "}"}};
  for (const auto& [operation, body] : calls) {
    const http::RawAnswer answer = Call(operation, body);
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, "{}");
    EXPECT_EQ(answer.Field("x-amzn-RequestId"), "well");
    EXPECT_EQ(engine.TakeRequest().Field("X-Amz-Target"), absl::StrCat("AWSStepFunctions.", operation));
  }
}

TEST_F(RelayTest, WithoutAnAnswerTheCallerIsToldToTryAgain) {
  FaultServer engine({Step::Cut(Step::When::kAfterRequest), Step::Answer(200, "{}")});
  StartRelaying(engine.url());
  const http::RawAnswer answer =
      Call("SendTaskSuccess", "{\"taskToken\":\"" + EngineToken("unknown") + "\",\"output\":\"1\"}");
  EXPECT_EQ(answer.status, 503);
  EXPECT_THAT(answer.body, HasSubstr("#ServiceUnavailableException\""));
  EXPECT_EQ(engine.requests(), 1u);
}

TEST_F(RelayTest, WhatTheBrokerKnowsItAnswersItself) {
  FaultServer engine({Step::Answer(200, "{}")});
  StartRelaying(engine.url());
  const std::string token = Issue().token();
  for (const int status : {200, 400}) {
    const http::RawAnswer answer =
        Call("SendTaskSuccess", absl::StrCat("{\"taskToken\":\"", token, "\",\"output\":\"", status, "\"}"));
    EXPECT_EQ(answer.status, status) << answer.body;
    EXPECT_EQ(answer.Field("x-tokenbroker-relayed"), "");
  }
  EXPECT_EQ(engine.requests(), 0u);
  // A token that Step Functions made, and that was registered: settled here, and forwarded in its time.
  IssueFor("order");
  const http::RawAnswer answer =
      Call("SendTaskSuccess", "{\"taskToken\":\"" + EngineToken("order") + "\",\"output\":\"1\"}");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.Field("x-tokenbroker-verdict"), "ACCEPTED");
  EXPECT_EQ(Delivered("order").state(), v1::DELIVERY_STATE_DELIVERED);
  EXPECT_EQ(engine.requests(), 1u);
}

}  // namespace
}  // namespace tokenbroker::testing
