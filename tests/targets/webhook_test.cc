#include <gtest/gtest.h>

#include "server/targets/webhook_answer.h"
#include "server/targets/webhook_signature.h"
#include "server/targets/webhook_target.h"
#include "tests/outbound/fake_http.h"
#include "tests/targets/fixtures.h"

namespace tokenbroker::targets {
namespace {

using forward::Answer;
using Kind = Answer::Kind;

// The example of the specification's reference implementations.
constexpr char kSecret[] = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

TEST(WebhookSignature, IsThatOfTheSpecificationsExample) {
  const std::string secrets[] = {kSecret};
  outbound::HttpHeaders headers;
  WebhookSigner::Make(secrets)->AddHeaders("msg_p5jXN8AQM9LWM0D4loKWxJek", 1'614'265'330'999, R"({"test": 2432232314})",
                                           headers);
  EXPECT_EQ(headers, (outbound::HttpHeaders{{"webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"},
                                            {"webhook-timestamp", "1614265330"},
                                            {"webhook-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="}}));
}

TEST(WebhookSignature, HasOneForEachSecret) {
  const std::string secrets[] = {"whsec_" + std::string(32, 'A'), kSecret};
  outbound::HttpHeaders headers;
  WebhookSigner::Make(secrets)->AddHeaders("msg_p5jXN8AQM9LWM0D4loKWxJek", 1'614'265'330'000, R"({"test": 2432232314})",
                                           headers);
  const std::string signature = headers.back().second;
  EXPECT_EQ(signature.substr(0, 3), "v1,");
  EXPECT_EQ(signature.substr(47), " v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

TEST(WebhookSignature, RefusesWhatIsNoSecretWithoutShowingIt) {
  for (const std::string secret : {"", "whsec_", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_c2hvcnQ=", "whsec_!!!"}) {
    const std::string secrets[] = {kSecret, secret};
    EXPECT_EQ(WebhookSigner::Make(secrets).status(),
              absl::InvalidArgumentError("webhook secret 2 must be whsec_ and the base64 of 24 to 64 bytes"));
  }
}

struct Case {
  int status;
  Kind kind;
};

constexpr Case kCases[] = {
    {200, Kind::kAccepted},      {201, Kind::kAccepted},      {202, Kind::kAccepted},      {204, Kind::kAccepted},
    {299, Kind::kAccepted},      {301, Kind::kNeedsOperator}, {302, Kind::kNeedsOperator}, {308, Kind::kNeedsOperator},
    {400, Kind::kRejected},      {401, Kind::kNeedsOperator}, {403, Kind::kNeedsOperator}, {404, Kind::kNeedsOperator},
    {405, Kind::kNeedsOperator}, {408, Kind::kRetry},         {409, Kind::kRejected},      {410, Kind::kRejected},
    {413, Kind::kRejected},      {415, Kind::kRejected},      {422, Kind::kRejected},      {425, Kind::kRetry},
    {429, Kind::kThrottled},     {500, Kind::kRetry},         {501, Kind::kRetry},         {502, Kind::kRetry},
    {503, Kind::kRetry},         {504, Kind::kRetry},         {599, Kind::kRetry},
};

TEST(WebhookAnswer, MeansWhatTheTableSays) {
  for (const Case& each : kCases) {
    const Answer answer = WebhookAnswerOf(outbound::Answered(each.status, "some secret"), false, kNow);
    EXPECT_EQ(NameOf(answer.kind), NameOf(each.kind)) << each.status;
    EXPECT_EQ(answer.code, "HTTP " + std::to_string(each.status));
    EXPECT_EQ(answer.message.find("secret"), std::string::npos);
    EXPECT_EQ(answer.may_have_arrived, each.status >= 500);
  }
  EXPECT_EQ(NameOf(WebhookAnswerOf(outbound::Answered(409), true, kNow).kind), NameOf(Kind::kProbablyOurs));
}

// The second copy was refused for now; the first may be there all the same, which the next try has to know.
TEST(WebhookAnswer, WhatWasSentTwiceMayHaveArrivedWhateverTheAnswer) {
  outbound::HttpResult result = outbound::Answered(429);
  result.resent = true;
  EXPECT_TRUE(WebhookAnswerOf(result, false, kNow).may_have_arrived);
}

TEST(WebhookAnswer, TellsHowLongToWait) {
  for (const int status : {429, 503}) {
    EXPECT_EQ(WebhookAnswerOf(outbound::Answered(status, "", {{"retry-after", "30"}}), false, kNow).retry_after,
              30'000);
  }
}

TEST(WebhookAnswer, FailuresThatSomebodyHasToMendAreForTheOperator) {
  using Failure = outbound::HttpResult::Failure;
  for (const Failure failure : {Failure::kBadRequest, Failure::kForbiddenAddress, Failure::kTls}) {
    EXPECT_EQ(NameOf(WebhookAnswerOf(outbound::Failed(failure, false), false, kNow).kind),
              NameOf(Kind::kNeedsOperator));
  }
  for (const Failure failure : {Failure::kResolve, Failure::kConnect, Failure::kTimeout, Failure::kCut}) {
    EXPECT_EQ(NameOf(WebhookAnswerOf(outbound::Failed(failure, false), false, kNow).kind), NameOf(Kind::kRetry));
  }
}

TEST(WebhookAnswer, AnAddressThatIsNotAllowedIsNamedWithTheSettingThatAllowsIt) {
  outbound::HttpResult result = outbound::Failed(outbound::HttpResult::Failure::kForbiddenAddress, false);
  result.message = "the address guard does not allow 127.0.0.1";
  const Answer answer = WebhookAnswerOf(result, false, kNow);
  EXPECT_EQ(answer.code, "address not allowed");
  EXPECT_EQ(answer.message.find(result.message), 0u);
  EXPECT_NE(answer.message.find("allowed_addresses"), std::string::npos) << answer.message;
}

TEST(WebhookTarget, PostsASignedEventUnderTheGuard) {
  ManualClock clock(kNow);
  outbound::FakeHttp http;
  http.answer = [](const outbound::HttpRequest&) { return outbound::Answered(204); };
  const auto target = WebhookTarget::Make({.url = "https://example.com/hook", .secrets = {kSecret}}, http, clock);
  ASSERT_TRUE(target.ok()) << target.status();
  Answer answer;
  (*target)->Deliver(MakeDelivery(), [&](Answer the_answer) { answer = std::move(the_answer); });
  EXPECT_EQ(NameOf(answer.kind), NameOf(Kind::kAccepted));
  const outbound::HttpRequest& request = http.requests.back();
  EXPECT_EQ(request.method + " " + request.url, "POST https://example.com/hook");
  EXPECT_EQ(FieldOf(request, "Content-Type"), "application/cloudevents+json; charset=utf-8");
  EXPECT_EQ(FieldOf(request, "webhook-id"), "delivery-1");
  EXPECT_EQ(FieldOf(request, "webhook-timestamp"), "1795198566");
  EXPECT_EQ(FieldOf(request, "webhook-signature").substr(0, 3), "v1,");
  EXPECT_NE(request.guard, nullptr);
  EXPECT_FALSE(request.body_matters);
  EXPECT_EQ(request.body.find(kUpstreamToken), std::string::npos);
}

TEST(WebhookTarget, SaysWhatIsWrongWithItsOptions) {
  ManualClock clock(kNow);
  outbound::FakeHttp http;
  const auto wrong = [&](WebhookOptions options) {
    return std::string(WebhookTarget::Make(std::move(options), http, clock).status().message());
  };
  EXPECT_EQ(wrong({.url = "http://example.com"}), "url: the URL must begin with https:// unless allow_http is true");
  EXPECT_EQ(wrong({.url = "http://example.com", .allow_http = true}), "");
  EXPECT_EQ(wrong({.url = "https://user:secret@example.com"}), "url: the URL must have no user name");
  EXPECT_NE(wrong({.url = "https://example.com", .allowed_addresses = {"intranet"}}).find("'intranet'"),
            std::string::npos);
  EXPECT_EQ(wrong({.url = "ftp://example.com", .secrets = {"short"}, .allowed_addresses = {"intranet"}}),
            "url: a URL begins with https:// or http://\n"
            "secret_files: webhook secret 1 must be whsec_ and the base64 of 24 to 64 bytes\n"
            "allowed_addresses: 'intranet' is no address and no range like 10.1.0.0/16 or fd00:12::/32")
      << "all at once";
}

}  // namespace
}  // namespace tokenbroker::targets
