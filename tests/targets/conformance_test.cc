#include "tests/targets/conformance.h"

#include <gtest/gtest.h>

#include <fstream>

#include "base/text.h"
#include "tests/http/certificates.h"
#include "tests/outbound/fault_server.h"
#include "tests/outbound/waiting.h"
#include "tests/targets/fixtures.h"

namespace tokenbroker::targets {
namespace {

using forward::Answer;
using forward::Delivery;
using outbound::Arrivals;
using outbound::FaultServer;
using outbound::Step;
using When = Step::When;
using Kind = Answer::Kind;

constexpr DurationMs kLong = 10'000;

class TargetConformance : public testing::TestWithParam<SubjectKind> {
 protected:
  void Reach(const FaultServer& server, DurationMs timeout = kLong) {
    target_.reset();
    target_ = subject_->Make(server.url(), *http_, timeout);
  }

  Answer Deliver(bool may_have_arrived = false) {
    Delivery delivery = MakeDelivery();
    delivery.may_have_arrived = may_have_arrived;
    Arrivals<Answer> answers;
    target_->Deliver(delivery, answers.Adder());
    Answer answer = answers.Take();
    ExpectFitForALog(answer);
    return answer;
  }
  Answer DeliverTo(const FaultServer& server) {
    Reach(server);
    return Deliver();
  }

  void ExpectFitForALog(const Answer& answer) {
    EXPECT_LE(answer.message.size(), Answer::kMaxMessage);
    EXPECT_TRUE(IsValidUtf8(answer.message));
    EXPECT_FALSE(answer.code.empty());
    EXPECT_LE(answer.code.size(), 64u);
    for (const std::string& secret : subject_->Secrets()) {
      EXPECT_EQ(answer.message.find(secret), std::string::npos) << answer.message;
      EXPECT_EQ(answer.code.find(secret), std::string::npos) << answer.code;
    }
  }

  Step Accepts() const { return Step::Answer(200, subject_->AcceptedBody()); }

  std::unique_ptr<outbound::CurlClient> http_ = outbound::CurlClient::Start({}).value();
  std::unique_ptr<Subject> subject_ = GetParam().make();
  std::unique_ptr<forward::OutcomeTarget> target_;
};

TEST_P(TargetConformance, DeliversTheOutcomeByteForByte) {
  FaultServer server({Accepts()});
  Reach(server);
  Delivery delivery = MakeDelivery();
  delivery.output = "[ \"caf\xc3\xa9 \xe4\xb8\xad \xf0\x9f\x98\x80\", 1.00, 12345678901234567890 ]";
  Arrivals<Answer> answers;
  target_->Deliver(delivery, answers.Adder());
  const Answer answer = answers.Take();
  EXPECT_EQ(NameOf(answer.kind), NameOf(Kind::kAccepted)) << answer.message;
  EXPECT_FALSE(answer.may_have_arrived);
  EXPECT_NE(server.TakeRequest().body.find(subject_->PayloadOf(delivery)), std::string::npos);
}

TEST_P(TargetConformance, SendsLargeOutcomesWhole) {
  FaultServer server({Accepts()});
  Reach(server);
  Delivery delivery = MakeDelivery();
  delivery.output = '"' + std::string(262'142, 'x') + '"';
  Arrivals<Answer> answers;
  target_->Deliver(delivery, answers.Adder());
  EXPECT_EQ(NameOf(answers.Take().kind), NameOf(Kind::kAccepted));
  EXPECT_NE(server.TakeRequest().body.find(subject_->PayloadOf(delivery)), std::string::npos);
}

TEST_P(TargetConformance, SendsTheSameForTheSameDelivery) {
  FaultServer server({Accepts()});
  Reach(server);
  Deliver();
  Deliver();
  EXPECT_EQ(server.TakeRequest().body, server.TakeRequest().body);
}

TEST_P(TargetConformance, SaysThatNothingArrivedWhereNobodyListens) {
  std::string url;
  { url = FaultServer({Accepts()}).url(); }
  target_ = subject_->Make(url, *http_, kLong);
  const Answer answer = Deliver();
  EXPECT_EQ(NameOf(answer.kind), NameOf(Kind::kRetry));
  EXPECT_FALSE(answer.may_have_arrived);
}

TEST_P(TargetConformance, TriesAgainAfterACutAndSaysThatItMayHaveArrived) {
  for (const When when : {When::kBeforeRequest, When::kAfterRequest}) {
    FaultServer server({Step::Cut(when)});
    const Answer answer = DeliverTo(server);
    EXPECT_EQ(NameOf(answer.kind), NameOf(Kind::kRetry));
    EXPECT_TRUE(answer.may_have_arrived);
  }
}

TEST_P(TargetConformance, TriesAgainAfterACutDuringTheRequest) {
  FaultServer server({Step::Cut(When::kDuringRequest)});
  EXPECT_EQ(NameOf(DeliverTo(server).kind), NameOf(Kind::kRetry));
}

TEST_P(TargetConformance, TriesAgainAfterSilence) {
  FaultServer server({Step::Silence()});
  Reach(server, 100);
  const Answer answer = Deliver();
  EXPECT_EQ(NameOf(answer.kind), NameOf(Kind::kRetry));
  EXPECT_EQ(answer.code, "timeout");
  EXPECT_TRUE(answer.may_have_arrived);
}

TEST_P(TargetConformance, TakesNoBrokenAnswerForAnAnswer) {
  for (const char* broken :
       {"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX", "{}",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "\x16\x03\x01"}) {
    FaultServer server({Step::Raw(broken)});
    const Answer answer = DeliverTo(server);
    EXPECT_EQ(NameOf(answer.kind), NameOf(Kind::kRetry)) << broken;
    EXPECT_TRUE(answer.may_have_arrived) << broken;
  }
}

TEST_P(TargetConformance, ReadsNoEndlessBody) {
  FaultServer server({Step::Answer(200, std::string(1 << 20, '{'))});
  EXPECT_EQ(NameOf(DeliverTo(server).kind), NameOf(subject_->LooksAtSuccessBody() ? Kind::kRetry : Kind::kAccepted));
}

TEST_P(TargetConformance, TakesNoEndlessHead) {
  FaultServer server({Step::Answer(200, "", "X-Long: " + std::string(1 << 20, 'x') + "\r\n")});
  EXPECT_EQ(NameOf(DeliverTo(server).kind), NameOf(Kind::kRetry));
}

TEST_P(TargetConformance, TriesAgainAfterTheServersTrouble) {
  for (const int status : {500, 502, 503, 504}) {
    FaultServer server({Step::Answer(status, "<html>trouble</html>", "Content-Type: text/html\r\n")});
    const Answer answer = DeliverTo(server);
    EXPECT_EQ(NameOf(answer.kind), NameOf(Kind::kRetry)) << status;
    EXPECT_TRUE(answer.may_have_arrived) << status;
    EXPECT_EQ(answer.code, "HTTP " + std::to_string(status));
  }
}

TEST_P(TargetConformance, WaitsAsLongAsItIsAskedTo) {
  FaultServer server({Step::Answer(429, "", "Retry-After: 17\r\n")});
  const Answer answer = DeliverTo(server);
  EXPECT_EQ(NameOf(answer.kind), NameOf(Kind::kThrottled));
  EXPECT_EQ(answer.retry_after, 17'000);
  EXPECT_FALSE(answer.may_have_arrived);
  FaultServer down({Step::Answer(503, "", "Retry-After: 5\r\n")});
  EXPECT_EQ(DeliverTo(down).retry_after, 5'000);
}

TEST_P(TargetConformance, ASuccessWithSomebodyElsesBodyIsNoneForWhoLooks) {
  for (const char* body : {"<html>Please log in</html>", "not JSON", "{\"half\":"}) {
    FaultServer server({Step::Answer(200, body, "Content-Type: text/html\r\n")});
    const Answer answer = DeliverTo(server);
    if (!subject_->LooksAtSuccessBody()) continue;
    EXPECT_EQ(NameOf(answer.kind), NameOf(Kind::kRetry)) << body;
    EXPECT_TRUE(answer.may_have_arrived) << body;
  }
}

TEST_P(TargetConformance, TheContentTypeOfASuccessDoesNotMatter) {
  FaultServer server({Step::Answer(200, subject_->AcceptedBody(), "Content-Type: text/plain\r\n")});
  EXPECT_EQ(NameOf(DeliverTo(server).kind), NameOf(Kind::kAccepted));
}

TEST_P(TargetConformance, DoesNotFollowElsewhere) {
  FaultServer elsewhere({Accepts()});
  FaultServer server({Step::Answer(307, "", "Location: " + elsewhere.url() + "\r\n")});
  EXPECT_EQ(NameOf(DeliverTo(server).kind), NameOf(Kind::kNeedsOperator));
  EXPECT_EQ(elsewhere.requests(), 0u);
}

TEST_P(TargetConformance, WhatIsOverIsRejectedUnlessAnEarlierTryMayBeWhy) {
  FaultServer server({Step::Answer(subject_->GoneStatus(), subject_->GoneBody())});
  Reach(server);
  EXPECT_EQ(NameOf(Deliver(false).kind), NameOf(Kind::kRejected));
  EXPECT_EQ(NameOf(Deliver(true).kind), NameOf(Kind::kProbablyOurs));
}

TEST_P(TargetConformance, ALostReplyAndThenGoneIsProbablyOurs) {
  // The connection dies with the request on it, and the copy that is sent then meets what the first one did.
  FaultServer server(
      {Accepts(), Step::Cut(When::kAfterRequest), Step::Answer(subject_->GoneStatus(), subject_->GoneBody())});
  Reach(server);
  EXPECT_EQ(NameOf(Deliver().kind), NameOf(Kind::kAccepted));
  EXPECT_EQ(NameOf(Deliver().kind), NameOf(Kind::kProbablyOurs));
}

TEST_P(TargetConformance, TrustsNoExpiredCertificate) {
  const http::Certificate expired("expired", "DNS:localhost");
  X509_gmtime_adj(X509_getm_notAfter(expired.certificate()), -60);
  X509_sign(expired.certificate(), expired.key(), EVP_sha256());
  const std::string file = testing::TempDir() + "/conformance_ca_" + GetParam().name + ".pem";
  std::ofstream(file) << expired.CertificatePem();
  http_ = outbound::CurlClient::Start({.ca_file = file}).value();
  FaultServer server({Accepts()}, expired.CertificatePem(), expired.KeyPem());
  const Answer answer = DeliverTo(server);
  EXPECT_EQ(NameOf(answer.kind), NameOf(Kind::kNeedsOperator));
  EXPECT_EQ(answer.code, "bad certificate");
  EXPECT_NE(answer.message.find("expired"), std::string::npos) << answer.message;
  EXPECT_FALSE(answer.may_have_arrived);
  EXPECT_EQ(server.requests(), 0u);
}

TEST_P(TargetConformance, ManyAtOnceAreAnsweredOnceEach) {
  FaultServer server({Accepts()});
  Reach(server);
  Arrivals<Answer> answers;
  for (int i = 0; i < 200; ++i) target_->Deliver(MakeDelivery(), answers.Adder());
  for (int i = 0; i < 200; ++i) EXPECT_EQ(NameOf(answers.Take().kind), NameOf(Kind::kAccepted));
  EXPECT_EQ(answers.size(), 0u);
  EXPECT_GT(target_->max_under_way(), 0);
}

TEST_P(TargetConformance, AnswersNobodyAfterItsEnd) {
  FaultServer server({Step::Silence()});
  Reach(server);
  Arrivals<Answer> answers;
  target_->Deliver(MakeDelivery(), answers.Adder());
  server.TakeRequest();
  target_.reset();
  http_.reset();
  EXPECT_EQ(answers.size(), 0u);
}

TEST_P(TargetConformance, HeartbeatsAreTakenOrRefusedAtOnce) {
  FaultServer server({Accepts(), Step::Answer(subject_->GoneStatus(), subject_->GoneBody())});
  Reach(server);
  Arrivals<Answer> answers;
  target_->Beat(kUpstreamToken, answers.Adder());
  EXPECT_EQ(NameOf(answers.Take().kind), NameOf(target_->takes_heartbeats() ? Kind::kAccepted : Kind::kRejected));
  target_->Beat(kUpstreamToken, answers.Adder());
  const Answer gone = answers.Take();
  EXPECT_EQ(NameOf(gone.kind), NameOf(Kind::kRejected));
  ExpectFitForALog(gone);
}

INSTANTIATE_TEST_SUITE_P(All, TargetConformance, testing::Values(StepFunctionsSubject(), WebhookSubject()),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace tokenbroker::targets
