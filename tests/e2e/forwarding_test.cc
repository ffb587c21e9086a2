// Outcomes on their way to Step Functions, with the real broker in between, and whatever can go wrong on that way: no
// outcome is lost, none arrives with other content, and none more often than the trouble explains.
#include <gmock/gmock.h>
#include <sys/wait.h>

#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/e2e/forwarding_fixture.h"
#include "tests/e2e/small_disk.h"
#include "tests/http/certificates.h"
#include "tests/testing/child_process.h"

namespace tokenbroker::testing {
namespace {

using outbound::Step;
using ::testing::AnyOf;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using When = Step::When;

bool IsPending(const v1::Delivery& delivery) { return delivery.state() == v1::DELIVERY_STATE_PENDING; }

struct Named {
  const char* name;
  StepFunctionsStub::Trouble trouble;
  // There is an answer, and it says that the outcome was taken.
  bool is_success = false;
};

std::vector<Named> AllTroubles() {
  return {
      {"cut-before", {Step::Cut(When::kBeforeRequest)}},
      {"cut-during", {Step::Cut(When::kDuringRequest)}},
      {"cut-after", {Step::Cut(When::kAfterRequest), true}},
      {"silence", {Step::Silence(), true}},
      {"slow", {targets::Taken(), true, 300}, true},
      {"500-taken", {targets::Refused("InternalFailure", 500), true}},
      {"500", {targets::Refused("InternalFailure", 500)}},
      {"503-without-a-body", {Step::Answer(503, "")}},
      {"429", {Step::Answer(429, "", "Retry-After: 1\r\n")}},
      {"throttled", {targets::Refused("ThrottlingException")}},
      {"wrong-json", {Step::Answer(200, "{\"unfinished\":"), true}},
      {"somebody-elses-page", {Step::Answer(200, "<html>Sign in</html>", "Content-Type: text/html\r\n")}},
      {"another-content-type", {Step::Answer(200, "{}", "Content-Type: text/plain\r\n"), true}, true},
      {"too-short", {Step::Raw("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}"), true}},
      {"too-long", {Step::Raw("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n{}"), true}},
      {"no-http", {Step::Raw("220 mail.example ESMTP\r\n"), true}},
      {"redirect", {Step::Answer(307, "", "Location: http://127.0.0.1:1/\r\n")}},
  };
}

TEST_F(ForwardingTest, EveryTroubleOnTheWayPasses) {
  StepFunctionsStub engine;
  StartForwarding(engine.url());
  for (const auto& [name, trouble, is_success] : AllTroubles()) {
    engine.Meet(trouble);
    IssueAndSettle(name);
    const v1::Delivery delivery = Delivered(name);
    const bool again = trouble.taken && !is_success;
    EXPECT_EQ(delivery.state(), again ? v1::DELIVERY_STATE_PROBABLY_DELIVERED : v1::DELIVERY_STATE_DELIVERED)
        << delivery.DebugString();
    EXPECT_THAT(engine.Arrivals(EngineToken(name)), Each(Sent(name)));
    EXPECT_THAT(engine.Arrivals(EngineToken(name)), AnyOf(SizeIs(1), SizeIs(2))) << name;
    EXPECT_LE(delivery.attempts(), 2u) << name;
  }
}

TEST_F(ForwardingTest, AFifthOfTheRepliesLostCostsAQuarterMoreSends) {
  constexpr size_t kOutcomes = 1000;
  StepFunctionsStub engine;
  engine.Decide([count = 0](const targets::SendTask&) mutable -> std::optional<StepFunctionsStub::Trouble> {
    if (++count % 5 != 0) return std::nullopt;
    return StepFunctionsStub::Trouble{Step::Cut(When::kAfterRequest), true};
  });
  StartForwarding(engine.url());
  IssueAndSettleMany(kOutcomes);
  AwaitAll();
  size_t repeated = 0;
  for (size_t i = 0; i < kOutcomes; ++i) {
    const std::vector<std::string> arrivals = engine.Arrivals(EngineToken(i));
    ASSERT_FALSE(arrivals.empty()) << i;
    EXPECT_THAT(arrivals, Each(Sent(absl::StrCat(i))));
    repeated += arrivals.size() > 1;
  }
  EXPECT_EQ(List({v1::DELIVERY_STATE_PROBABLY_DELIVERED}).size(), repeated) << "recorded as what they are";
  EXPECT_EQ(List({v1::DELIVERY_STATE_DELIVERED}).size(), kOutcomes - repeated);
  EXPECT_GT(repeated, kOutcomes / 10);
  EXPECT_LE(engine.sends(), kOutcomes * 13 / 10);
  std::printf("%zu sends for %zu outcomes\n", engine.sends(), kOutcomes);
}

// --- Certificates ---

class CertificateTest : public ForwardingTest {
 protected:
  CertificateTest() { std::ofstream(ca_file()) << authority_.CertificatePem(); }

  std::string ca_file() const { return folder() + "/authority.pem"; }
  // Until the delivery says so; then the engine shows a good one.
  void ExpectRecoveryFrom(const http::Certificate& bad, const std::string& reason) {
    StepFunctionsStub engine(bad.CertificatePem(), bad.KeyPem());
    StartForwarding(engine.url(), {"--forwarding-ca-file", ca_file()});
    IssueAndSettle("order");
    const v1::Delivery waiting =
        Becomes("order", [](const v1::Delivery& delivery) { return !delivery.answer_code().empty(); });
    EXPECT_TRUE(IsPending(waiting));
    EXPECT_EQ(waiting.answer_code(), "bad certificate");
    EXPECT_THAT(waiting.answer_message(), HasSubstr(reason));
    EXPECT_EQ(engine.requests(), 0u) << "an outcome was told to somebody who is not known";
    const http::Certificate good("engine", "DNS:localhost", &authority_);
    engine.Show(good.CertificatePem(), good.KeyPem());
    EXPECT_EQ(Delivered("order").state(), v1::DELIVERY_STATE_DELIVERED);
    EXPECT_THAT(engine.Arrivals(EngineToken("order")), ::testing::ElementsAre(Sent("order")));
    Stop();
  }

  const http::Certificate authority_{"authority"};
};

TEST_F(CertificateTest, AnExpiredOneIsNamedAndARenewedOneIsTaken) {
  const http::Certificate expired("engine", "DNS:localhost", &authority_);
  X509_gmtime_adj(X509_getm_notAfter(expired.certificate()), -60);
  X509_sign(expired.certificate(), authority_.key(), EVP_sha256());
  ExpectRecoveryFrom(expired, "expired");
}

TEST_F(CertificateTest, OneOfAnotherAuthorityIsNamedAndATrustedOneIsTaken) {
  const http::Certificate other("another authority");
  ExpectRecoveryFrom(http::Certificate("engine", "DNS:localhost", &other), "issuer");
}

// --- Credentials ---

TEST_F(ForwardingTest, OutcomesWaitForCredentialsThatAreNotThereYet) {
  RemoveCredentials();
  StepFunctionsStub engine;
  StartForwarding(engine.url());
  IssueAndSettle("order");
  const v1::Delivery waiting =
      Becomes("order", [](const v1::Delivery& delivery) { return !delivery.answer_code().empty(); });
  EXPECT_TRUE(IsPending(waiting));
  EXPECT_EQ(waiting.answer_code(), "no credentials");
  EXPECT_FALSE(waiting.may_have_arrived());
  WriteCredentials("AKIDFIRST");
  EXPECT_EQ(Delivered("order").state(), v1::DELIVERY_STATE_DELIVERED);
  EXPECT_EQ(engine.sends(), 1u);
}

TEST_F(ForwardingTest, RotatedCredentialsAreReadAnew) {
  StepFunctionsStub engine;
  engine.TrustOnly("AKIDFIRST");
  StartForwarding(engine.url());
  IssueAndSettle("before");
  EXPECT_EQ(Delivered("before").state(), v1::DELIVERY_STATE_DELIVERED);
  engine.TrustOnly("AKIDSECOND");
  WriteCredentials("AKIDSECOND");
  IssueAndSettle("after");
  EXPECT_EQ(Delivered("after").state(), v1::DELIVERY_STATE_DELIVERED);
  EXPECT_THAT(engine.Arrivals(EngineToken("after")), ::testing::ElementsAre(Sent("after")));
}

// The engine takes the old ones no more, and the file is gone: the operator is told, and what was owed stays owed.
TEST_F(ForwardingTest, CredentialsThatVanishHoldOutcomesUpUntilNewOnesAreThere) {
  StepFunctionsStub engine;
  StartForwarding(engine.url());
  IssueAndSettle("before");
  Delivered("before");
  engine.TrustOnly("AKIDSECOND");
  RemoveCredentials();
  IssueAndSettle("after");
  const v1::Delivery waiting =
      Becomes("after", [](const v1::Delivery& delivery) { return !delivery.answer_code().empty(); });
  EXPECT_TRUE(IsPending(waiting));
  EXPECT_THAT(waiting.answer_code(), AnyOf("UnrecognizedClientException", "no credentials"));
  WriteCredentials("AKIDSECOND");
  EXPECT_EQ(Delivered("after").state(), v1::DELIVERY_STATE_DELIVERED);
}

// Errors may quote anything of the request; TearDown looks for it in all that the broker shows.
TEST_F(ForwardingTest, SecretsThatTheEngineQuotesAreNotShown) {
  StepFunctionsStub engine;
  engine.Decide([](const targets::SendTask& call) {
    return StepFunctionsStub::Trouble{targets::Refused("AccessDeniedException", 400,
                                                       "AKIDFIRST may not use " + call.token +
                                                           " with wJalrXUtnFEMI/K7MDENG/bPxRfiCYSecretKey and "
                                                           "IQoJb3JpZ2luX2VjSecretSession")};
  });
  StartForwarding(engine.url());
  IssueAndSettle("order");
  const v1::Delivery waiting =
      Becomes("order", [](const v1::Delivery& delivery) { return !delivery.answer_code().empty(); });
  EXPECT_EQ(waiting.answer_code(), "AccessDeniedException");
  EXPECT_THAT(waiting.answer_message(), HasSubstr("may not use"));
}

// --- Crashes ---

class ForwardingCrashTest : public ForwardingTest, public ::testing::WithParamInterface<const char*> {};

TEST_P(ForwardingCrashTest, BetweenSendAndRecordLosesNothing) {
  constexpr size_t kOutcomes = 200;
  StepFunctionsStub engine;
  broker_.environment["TOKENBROKER_FAILPOINTS"] = GetParam();
  StartForwarding(engine.url());
  // The broker may die before the last of them is answered.
  for (size_t i = 0; i < kOutcomes; ++i) IssueFor(absl::StrCat(i));
  std::vector<size_t> acknowledged;
  for (size_t i = 0; i < kOutcomes; ++i) {
    if (!SucceedWith(EngineToken(i), absl::StrCat("{\"outcome\":\"", i, "\"}")).ok()) break;
    acknowledged.push_back(i);
  }
  const std::optional<int> end = process().WaitForEnd(20'000);
  ASSERT_TRUE(end.has_value()) << "the failpoint was not reached";
  EXPECT_TRUE(WIFSIGNALED(*end));
  broker_.environment.erase("TOKENBROKER_FAILPOINTS");
  StartForwarding(engine.url());
  AwaitAll();
  for (const size_t i : acknowledged) {
    const std::vector<std::string> arrivals = engine.Arrivals(EngineToken(i));
    EXPECT_THAT(arrivals, AnyOf(SizeIs(1), SizeIs(2))) << i;
    EXPECT_THAT(arrivals, Each(Sent(absl::StrCat(i))));
    const v1::DeliveryState state = DeliveryOf(absl::StrCat(i)).state();
    EXPECT_EQ(state, arrivals.size() > 1 ? v1::DELIVERY_STATE_PROBABLY_DELIVERED : v1::DELIVERY_STATE_DELIVERED) << i;
  }
}

INSTANTIATE_TEST_SUITE_P(Places, ForwardingCrashTest,
                         ::testing::Values("forward.before_send=crash@20", "forward.answered=crash@1",
                                           "forward.answered=crash@20", "forward.before_record=crash@1",
                                           "forward.before_record=crash@3"),
                         [](const auto& info) {
                           std::string name = info.param;
                           for (char& c : name) c = std::isalnum(static_cast<unsigned char>(c)) ? c : '_';
                           return name;
                         });

// --- A full disk ---

TEST_F(ForwardingTest, ADiskThatFillsUpWhileDeliveriesAreRecordedLosesNothing) {
  const SmallDisk disk(broker_.data(), 256);
  if (!disk.mounted()) GTEST_SKIP() << "mounting a tmpfs is not allowed here";
  constexpr size_t kTasks = 1000;
  StepFunctionsStub engine;
  StartForwarding(engine.url(), {"--limits-disk-free-min", "0"});
  for (size_t i = 0; i < kTasks; ++i) IssueFor(absl::StrCat(i));
  disk.FillUp(kMiB);
  const std::string output = "\"" + std::string(250'000, 'f') + "\"";
  size_t settled = 0;
  while (settled < kTasks && SucceedWith(EngineToken(settled), output).ok()) ++settled;
  ASSERT_LT(settled, kTasks) << "there was room for everything";
  const std::optional<int> end = process().WaitForEnd(20'000);
  ASSERT_TRUE(end.has_value()) << "the broker goes on after a failed write";
  EXPECT_TRUE(WIFEXITED(*end) && WEXITSTATUS(*end) != 0) << DescribeEnd(*end);
  const size_t sends = engine.sends();
  disk.MakeRoom();
  StartForwarding(engine.url(), {"--limits-disk-free-min", "0"});
  AwaitAll();
  EXPECT_THAT(List({v1::DELIVERY_STATE_DEAD_LETTERED}), SizeIs(0));
  for (size_t i = 0; i < settled; ++i) {
    const std::vector<std::string> arrivals = engine.Arrivals(EngineToken(i));
    ASSERT_THAT(arrivals, AnyOf(SizeIs(1), SizeIs(2))) << i;
    for (const std::string& arrival : arrivals) EXPECT_TRUE(arrival == "SendTaskSuccess " + output) << i;
  }
  std::printf("%zu outcomes, %zu sent before the disk was full, %zu sends in all\n", settled, sends, engine.sends());
  Kill();
}

}  // namespace
}  // namespace tokenbroker::testing
