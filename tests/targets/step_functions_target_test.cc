#include "server/targets/step_functions_target.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "server/targets/step_functions_limits.h"
#include "tests/outbound/fake_http.h"
#include "tests/targets/fixtures.h"

namespace tokenbroker::targets {
namespace {

using forward::Answer;
using forward::Delivery;
using Json = nlohmann::json;

class StepFunctionsTargetTest : public testing::Test {
 protected:
  StepFunctionsTargetTest() {
    http_.answer = [](const outbound::HttpRequest&) { return outbound::Answered(200, "{}"); };
    Make();
  }
  void Make(ExpiryErrors errors = {}) {
    target_ = std::make_unique<StepFunctionsTarget>(
        std::make_unique<StepFunctionsApi>(
            StepFunctionsPlace{.region = "eu-west-1", .account = "1", .longest_wait = 1'000}, http_,
            FixedCredentials(clock_), quotas_, clock_),
        clock_, 256, std::move(errors));
  }
  Answer Deliver(Delivery delivery) {
    Answer answer{.code = "none"};
    target_->Deliver(std::move(delivery), [&](Answer the_answer) { answer = std::move(the_answer); });
    return answer;
  }
  std::string Sent() const { return FieldOf(http_.requests.back(), "X-Amz-Target") + " " + http_.requests.back().body; }

  ManualClock clock_{kNow};
  outbound::ManualTimers timers_{clock_};
  outbound::FakeHttp http_;
  QuotaBook quotas_{clock_, timers_};
  std::unique_ptr<StepFunctionsTarget> target_;
};

TEST_F(StepFunctionsTargetTest, SendsSuccessWithTheOutputAsText) {
  Delivery delivery = MakeDelivery();
  delivery.output = "{ \"caf\xc3\xa9\" : \"\\u0000\\n\" }";
  EXPECT_EQ(Deliver(delivery).kind, Answer::Kind::kAccepted);
  EXPECT_EQ(http_.requests.back().url, "https://states.eu-west-1.amazonaws.com/");
  EXPECT_EQ(FieldOf(http_.requests.back(), "X-Amz-Target"), "AWSStepFunctions.SendTaskSuccess");
  const Json body = Json::parse(http_.requests.back().body);
  EXPECT_EQ(body, (Json{{"taskToken", kUpstreamToken}, {"output", delivery.output}}));
}

TEST_F(StepFunctionsTargetTest, SendsFailureWithWhatIsThere) {
  Delivery delivery = MakeDelivery();
  delivery.kind = Delivery::Kind::kFailed;
  delivery.output.clear();
  Deliver(delivery);
  EXPECT_EQ(Sent(), "AWSStepFunctions.SendTaskFailure {\"taskToken\":\"" + kUpstreamToken + "\"}");
  delivery.error = "Boom";
  delivery.cause = "b\"c";
  Deliver(delivery);
  EXPECT_EQ(Sent(), "AWSStepFunctions.SendTaskFailure {\"taskToken\":\"" + kUpstreamToken +
                        R"(","error":"Boom","cause":"b\"c"})");
}

TEST_F(StepFunctionsTargetTest, SendsExpiriesUnderTheirNamesAndSaysWhoSawThem) {
  Delivery delivery = MakeDelivery();
  delivery.output.clear();
  delivery.kind = Delivery::Kind::kTimeout;
  Deliver(delivery);
  Json body = Json::parse(http_.requests.back().body);
  EXPECT_EQ(body["error"], "States.Timeout");
  EXPECT_EQ(body["cause"],
            "No outcome came in time: the task token broker's task task-1 expired at 2026-11-20T18:16:06.123Z.");
  delivery.kind = Delivery::Kind::kHeartbeatTimeout;
  Deliver(delivery);
  body = Json::parse(http_.requests.back().body);
  EXPECT_EQ(body["error"], "States.HeartbeatTimeout");
  EXPECT_EQ(body["cause"].get<std::string>().substr(0, 26), "No heartbeat came in time:");
}

TEST_F(StepFunctionsTargetTest, SendsExpiriesUnderOtherNamesWhereTheEngineWantsThem) {
  Make({.timeout = "Late", .heartbeat_timeout = "Silent"});
  Delivery delivery = MakeDelivery();
  delivery.output.clear();
  delivery.kind = Delivery::Kind::kTimeout;
  Deliver(delivery);
  EXPECT_EQ(Json::parse(http_.requests.back().body)["error"], "Late");
  delivery.kind = Delivery::Kind::kHeartbeatTimeout;
  Deliver(delivery);
  EXPECT_EQ(Json::parse(http_.requests.back().body)["error"], "Silent");
}

TEST_F(StepFunctionsTargetTest, SendsHeartbeats) {
  Answer answer;
  target_->Beat(kUpstreamToken, [&](Answer the_answer) { answer = std::move(the_answer); });
  EXPECT_EQ(answer.kind, Answer::Kind::kAccepted);
  EXPECT_EQ(Sent(), "AWSStepFunctions.SendTaskHeartbeat {\"taskToken\":\"" + kUpstreamToken + "\"}");
}

TEST_F(StepFunctionsTargetTest, SaysHowManyHeartbeatsTheirQuotaLetsGo) {
  const int64_t before = target_->beats_available();
  EXPECT_LE(before, PublishedQuota("eu-west-1").burst);
  EXPECT_GE(before, PublishedQuota("eu-west-1").burst * 98 / 100);
  target_->Beat(kUpstreamToken, [](const Answer&) {});
  Deliver(MakeDelivery());
  EXPECT_EQ(target_->beats_available(), before - 1);
}

TEST_F(StepFunctionsTargetTest, SendsNothingThatIsBeyondALimit) {
  const auto rejected = [&](const Delivery& delivery) {
    const Answer answer = Deliver(delivery);
    EXPECT_EQ(answer.kind, Answer::Kind::kRejected);
    return answer.message;
  };
  Delivery delivery = MakeDelivery();
  delivery.output = '"' + std::string(kMaxOutput - 2, 'x') + '"';
  EXPECT_EQ(Deliver(delivery).kind, Answer::Kind::kAccepted);
  const size_t sent = http_.requests.size();
  delivery.output += " ";
  EXPECT_EQ(rejected(delivery), "output has 262145 bytes; Step Functions takes at most 262144");
  delivery = MakeDelivery();
  delivery.upstream_token = std::string(2'049, 't');
  EXPECT_EQ(rejected(delivery), "upstream_token has 2049 characters; Step Functions takes at most 2048");
  delivery.upstream_token.clear();
  EXPECT_EQ(rejected(delivery), "the task has no upstream token: Step Functions does not wait for it");
  delivery = MakeDelivery();
  delivery.kind = Delivery::Kind::kFailed;
  for (int i = 0; i < 256; ++i) delivery.error += "\xc3\xa9";
  delivery.cause = std::string(32'769, 'c');
  EXPECT_EQ(rejected(delivery), "cause has 32769 characters; Step Functions takes at most 32768");
  delivery.error += "!";
  EXPECT_EQ(rejected(delivery), "error has 257 characters; Step Functions takes at most 256");
  EXPECT_EQ(http_.requests.size(), sent);
}

TEST_F(StepFunctionsTargetTest, WaitsForTheQuotaAndThenSaysSo) {
  quotas_.Grant("1", "eu-west-1", {2, 1});
  int accepted = 0;
  Answer last;
  for (int i = 0; i < 4; ++i) {
    target_->Deliver(MakeDelivery(), [&](Answer answer) {
      if (answer.kind == Answer::Kind::kAccepted) ++accepted;
      last = std::move(answer);
    });
  }
  EXPECT_EQ(accepted, 2);
  EXPECT_EQ(last.kind, Answer::Kind::kThrottled);
  EXPECT_EQ(last.code, "held back");
  EXPECT_EQ(last.message, "the quota of SendTaskSuccess is used up");
  EXPECT_EQ(last.retry_after, 2'000);
  timers_.Advance(1'000);
  EXPECT_EQ(accepted, 3);
  // Each API has its own.
  Delivery failure = MakeDelivery();
  failure.kind = Delivery::Kind::kFailed;
  EXPECT_EQ(Deliver(failure).kind, Answer::Kind::kAccepted);
}

TEST_F(StepFunctionsTargetTest, ThrottledAnswersShrinkTheQuota) {
  const auto quota = quotas_.For("1", "eu-west-1", "SendTaskSuccess");
  timers_.Advance(1'000);
  http_.answer = [](const outbound::HttpRequest&) {
    return outbound::Answered(400, R"({"__type":"ThrottlingException","message":"Rate exceeded"})");
  };
  const Answer answer = Deliver(MakeDelivery());
  EXPECT_EQ(answer.kind, Answer::Kind::kThrottled);
  EXPECT_EQ(answer.message, "HTTP 400: Rate exceeded");
  EXPECT_LT(quota->rate(), 500);
  EXPECT_EQ(quota->available(), 0);
}

// Credentials that a test changes.
class ChangingCredentials : public StepFunctionsTargetTest {
 protected:
  ChangingCredentials() {
    const auto cached = std::make_shared<outbound::aws::CachedCredentials>(
        [this](const outbound::aws::CredentialsDone& done) { done(credentials_); }, clock_);
    target_ = std::make_unique<StepFunctionsTarget>(
        std::make_unique<StepFunctionsApi>(StepFunctionsPlace{.region = "eu-west-1", .account = "1"}, http_, cached,
                                           quotas_, clock_),
        clock_);
    // AWS takes the newest key alone.
    http_.answer = [this](const outbound::HttpRequest& request) {
      const bool taken = FieldOf(request, "Authorization").find("Credential=" + taken_) != std::string::npos;
      return taken ? outbound::Answered(200, "{}")
                   : outbound::Answered(400, R"({"__type":"ExpiredTokenException","message":"expired"})");
    };
  }

  absl::StatusOr<outbound::aws::Credentials> credentials_ = outbound::aws::Credentials{"OLD", "s", "", 0};
  std::string taken_ = "OLD";
};

TEST_F(ChangingCredentials, RotatedOnesAreFetchedAndTheNextTrySucceeds) {
  EXPECT_EQ(NameOf(Deliver(MakeDelivery()).kind), "accepted");
  taken_ = "NEW";
  credentials_ = outbound::aws::Credentials{"NEW", "s", "", 0};
  EXPECT_EQ(NameOf(Deliver(MakeDelivery()).kind), "retry");
  EXPECT_EQ(NameOf(Deliver(MakeDelivery()).kind), "accepted");
}

TEST_F(ChangingCredentials, ThoseThatStayExpiredAreForTheOperator) {
  taken_ = "NEW";
  EXPECT_EQ(NameOf(Deliver(MakeDelivery()).kind), "retry");
  EXPECT_EQ(NameOf(Deliver(MakeDelivery()).kind), "needs operator");
  // Mended, and found so without a restart.
  credentials_ = outbound::aws::Credentials{"NEW", "s", "", 0};
  clock_.Advance(60'000);
  EXPECT_EQ(NameOf(Deliver(MakeDelivery()).kind), "accepted");
}

TEST_F(ChangingCredentials, VanishedOnesAreForTheOperatorAndComeBackByThemselves) {
  credentials_ = absl::NotFoundError("no AWS credentials are set up");
  const Answer answer = Deliver(MakeDelivery());
  EXPECT_EQ(NameOf(answer.kind), "needs operator");
  EXPECT_EQ(answer.code, "no credentials");
  EXPECT_EQ(answer.message, "no AWS credentials are set up");
  EXPECT_FALSE(answer.may_have_arrived);
  credentials_ = outbound::aws::Credentials{"OLD", "s", "", 0};
  clock_.Advance(60'000);
  EXPECT_EQ(NameOf(Deliver(MakeDelivery()).kind), "accepted");
}

TEST_F(StepFunctionsTargetTest, AnswersNobodyAfterItsEnd) {
  http_.answer = nullptr;
  quotas_.Grant("1", "eu-west-1", {1, 10});
  bool answered = false;
  target_->Deliver(MakeDelivery(), [&](const Answer&) { answered = true; });
  target_->Deliver(MakeDelivery(), [&](const Answer&) { answered = true; });
  target_.reset();
  http_.Release(outbound::Answered(200, "{}"));
  timers_.Advance(1'000);
  EXPECT_FALSE(answered);
  EXPECT_EQ(http_.requests.size(), 1u) << "what had not left must stay";
}

}  // namespace
}  // namespace tokenbroker::targets
