#include "server/outbound/curl_client.h"

#include <gtest/gtest.h>

#include <fstream>

#include "server/outbound/address_guard.h"
#include "tests/http/certificates.h"
#include "tests/outbound/fault_server.h"
#include "tests/outbound/waiting.h"

namespace tokenbroker::outbound {
namespace {

using Failure = HttpResult::Failure;
using When = Step::When;

class CurlClientTest : public testing::Test {
 protected:
  HttpResult Send(HttpRequest request) { return Ask(*client_, std::move(request)); }
  HttpResult Post(const FaultServer& server, std::string body = "hello") {
    return Send({.url = server.url() + "/a", .headers = {{"Content-Type", "text/plain"}}, .body = std::move(body)});
  }
  // Trusts that certificate, and no other.
  void Trust(const http::Certificate& certificate) {
    const std::string file = testing::TempDir() + "/outbound_ca.pem";
    std::ofstream(file) << certificate.CertificatePem();
    client_ = CurlClient::Start({.ca_file = file}).value();
  }

  std::unique_ptr<CurlClient> client_ = CurlClient::Start({}).value();
};

TEST_F(CurlClientTest, SendsWhatItIsGivenAndNothingElse) {
  FaultServer server({Step::Answer(201, "done", "X-One: 1\r\nx-two:  2 \r\n")});
  const HttpResult result = Send({.url = server.url() + "/a/../b?c=%20d",
                                  .headers = {{"X-Empty", ""}, {"X-Name", "value"}},
                                  .body = std::string("\0body", 5)});
  ASSERT_TRUE(result.answered()) << result.message;
  EXPECT_EQ(result.response.status, 201);
  EXPECT_EQ(result.response.body, "done");
  EXPECT_EQ(result.response.Header("x-one"), "1");
  EXPECT_EQ(result.response.Header("x-two"), "2");
  const SeenRequest request = server.TakeRequest();
  EXPECT_EQ(request.body, std::string("\0body", 5));
  EXPECT_EQ(request.head, "POST /a/../b?c=%20d HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(server.port()) +
                              "\r\nUser-Agent: tokenbroker\r\nX-Empty:\r\nX-Name: value\r\nContent-Length: 5\r\n");
}

TEST_F(CurlClientTest, KnowsOtherMethods) {
  FaultServer server({Step::Answer(200, "")});
  EXPECT_EQ(Send({.method = "GET", .url = server.url()}).response.status, 200);
  EXPECT_EQ(server.TakeRequest().head.substr(0, 6), "GET / ");
  EXPECT_EQ(Send({.method = "PUT", .url = server.url()}).response.status, 200);
  const SeenRequest put = server.TakeRequest();
  EXPECT_EQ(put.head.substr(0, 6), "PUT / ");
  EXPECT_EQ(put.Field("content-length"), "0");
}

TEST_F(CurlClientTest, KeepsConnections) {
  FaultServer server({Step::Answer(200, "")});
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(Post(server).answered());
  EXPECT_EQ(server.connections(), 1u);
}

// One after the other they use the same handle of curl's.
TEST_F(CurlClientTest, ARequestLeavesNothingToTheNext) {
  FaultServer server({Step::Answer(200, "first", "X-First: 1\r\n"), Step::Answer(204, "")});
  FaultServer other({Step::Answer(200, "third")});
  const std::string ours = "Host: 127.0.0.1:" + std::to_string(server.port()) + "\r\nUser-Agent: tokenbroker\r\n";
  EXPECT_EQ(Send({.url = server.url() + "/a", .headers = {{"X-Name", "value"}}, .body = "body"}).response.body,
            "first");
  EXPECT_EQ(server.TakeRequest().head, "POST /a HTTP/1.1\r\n" + ours + "X-Name: value\r\nContent-Length: 4\r\n");
  const HttpResult second = Send({.method = "DELETE", .url = server.url() + "/a"});
  EXPECT_EQ(second.response.status, 204);
  EXPECT_EQ(second.response.Header("x-first"), "");
  EXPECT_EQ(server.TakeRequest().head, "DELETE /a HTTP/1.1\r\n" + ours);
  EXPECT_EQ(Send({.url = server.url() + "/a", .headers = {{"X", "a\nb"}}}).failure, Failure::kBadRequest);
  const HttpResult third = Send({.url = other.url() + "/b", .body = "xy"});
  EXPECT_EQ(third.response.body, "third");
  EXPECT_EQ(third.message, "");
  const SeenRequest request = other.TakeRequest();
  EXPECT_EQ(request.body, "xy");
  EXPECT_EQ(request.head, "POST /b HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(other.port()) +
                              "\r\nUser-Agent: tokenbroker\r\nContent-Length: 2\r\n");
}

TEST_F(CurlClientTest, ConnectionsThatTheServerEndsWhileTheyAreIdleAreNotUsedAgain) {
  const std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
  FaultServer server({Step::Raw(answer)});
  for (int i = 0; i < 5; ++i) EXPECT_EQ(Post(server).response.body, "ok");
  EXPECT_EQ(server.requests(), 5u);
}

TEST_F(CurlClientTest, FollowsNoRedirect) {
  FaultServer server({Step::Answer(302, "", "Location: /elsewhere\r\n")});
  EXPECT_EQ(Post(server).response.status, 302);
  EXPECT_EQ(server.requests(), 1u);
}

TEST_F(CurlClientTest, InterimAnswersAreNone) {
  FaultServer server(
      {Step::Raw("HTTP/1.1 103 Early\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")});
  const HttpResult result = Post(server);
  EXPECT_EQ(result.response.status, 200);
  EXPECT_EQ(result.response.Header("link"), "");
}

TEST_F(CurlClientTest, ATrailerIsNoneOfTheHead) {
  FaultServer server(
      {Step::Raw("HTTP/1.1 103 Early\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-Head: a\r\n\r\n"
                 "2\r\nok\r\n0\r\nX-Trailer: b\r\n\r\n")});
  const HttpResult result = Post(server);
  EXPECT_TRUE(result.answered()) << result.message;
  EXPECT_EQ(result.response.status, 200);
  EXPECT_EQ(result.response.body, "ok");
  EXPECT_EQ(result.response.Header("x-head"), "a");
  EXPECT_EQ(result.response.Header("x-trailer"), "");
}

TEST_F(CurlClientTest, SaysThatNothingArrivedWhereNothingWasSent) {
  uint16_t port = 0;
  { port = FaultServer({Step::Silence()}).port(); }
  const HttpResult refused = Send({.url = "http://127.0.0.1:" + std::to_string(port)});
  EXPECT_EQ(refused.failure, Failure::kConnect) << refused.message;
  EXPECT_FALSE(refused.may_have_arrived);
  const HttpResult unknown = Send({.url = "http://no-such-host.invalid/"});
  EXPECT_EQ(unknown.failure, Failure::kResolve) << unknown.message;
  EXPECT_FALSE(unknown.may_have_arrived);
}

TEST_F(CurlClientTest, SaysThatNothingArrivedWhereTheEndWasNotSent) {
  FaultServer server({Step::Cut(When::kDuringRequest)});
  const HttpResult result = Post(server, std::string(32 << 20, 'x'));
  EXPECT_EQ(result.failure, Failure::kCut) << result.message;
  EXPECT_FALSE(result.may_have_arrived);
}

TEST_F(CurlClientTest, SaysThatItMayHaveArrivedWhereAllWasSent) {
  for (const When when : {When::kBeforeRequest, When::kAfterRequest}) {
    FaultServer server({Step::Cut(when)});
    const HttpResult result = Post(server);
    EXPECT_EQ(result.failure, Failure::kCut) << result.message;
    EXPECT_TRUE(result.may_have_arrived);
  }
}

TEST_F(CurlClientTest, TellsOfARequestThatWasSentTwice) {
  // The connection is kept, and dies when the second request is on it.
  FaultServer server({Step::Answer(200, ""), Step::Cut(When::kAfterRequest), Step::Answer(200, "")});
  EXPECT_FALSE(Post(server).resent);
  const HttpResult result = Post(server);
  EXPECT_EQ(server.requests(), 3u);
  EXPECT_TRUE(result.answered());
  EXPECT_TRUE(result.resent);
}

TEST_F(CurlClientTest, GivesUpInTime) {
  FaultServer server({Step::Silence()});
  const HttpResult result = Send({.url = server.url(), .body = "x", .timeout = 50});
  EXPECT_EQ(result.failure, Failure::kTimeout);
  EXPECT_TRUE(result.may_have_arrived);
}

TEST_F(CurlClientTest, BoundsTheAnswer) {
  FaultServer long_body({Step::Answer(200, std::string(1001, 'x'))});
  const HttpResult result = Send({.url = long_body.url(), .max_answer_bytes = 1000});
  EXPECT_EQ(result.failure, Failure::kTooLarge);
  EXPECT_TRUE(result.may_have_arrived);
  std::string fields;
  for (int i = 0; i < 100; ++i) fields += "X-Long: " + std::string(1000, 'y') + "\r\n";
  FaultServer long_head({Step::Answer(200, "", fields)});
  EXPECT_EQ(Post(long_head).failure, Failure::kTooLarge);
}

TEST_F(CurlClientTest, OfABodyThatDoesNotMatterTheRestIsNotRead) {
  // Says that more will come, and sends none: who reads on finds it cut off.
  const std::string fields = "Content-Length: 1000000\r\n\r\n";
  for (const int status : {200, 503}) {
    FaultServer server({Step::Raw("HTTP/1.1 " + std::to_string(status) + " X\r\n" + fields + std::string(1001, 'x'))});
    const HttpResult result = Send({.url = server.url(), .max_answer_bytes = 1000, .body_matters = false});
    EXPECT_TRUE(result.answered()) << result.message;
    EXPECT_EQ(result.response.status, status);
    EXPECT_LE(result.response.body.size(), 1000u);
  }
  FaultServer server({Step::Answer(200, std::string(1000, 'x'))});
  const HttpResult whole = Send({.url = server.url(), .max_answer_bytes = 1000, .body_matters = false});
  EXPECT_EQ(whole.response.body.size(), 1000u);
  EXPECT_TRUE(Send({.url = server.url()}).answered()) << "the handle is used again";
}

TEST_F(CurlClientTest, TakesNoHalfAnswer) {
  for (const char* answer : {"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}", "HTTP/1.1 200 OK\r\nContent-Le",
                             "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", "SSH-2.0-OpenSSH_9.2\r\n",
                             "HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n{}"}) {
    FaultServer server({Step::Raw(answer)});
    const HttpResult result = Post(server);
    EXPECT_FALSE(result.answered()) << answer;
    EXPECT_TRUE(result.may_have_arrived) << answer;
  }
}

TEST_F(CurlClientTest, RefusesWhatCannotBeSent) {
  for (const char* url : {"", "gopher://x/", "file:///etc/passwd", "https://u:p@h/"}) {
    EXPECT_EQ(Send({.url = url}).failure, Failure::kBadRequest) << url;
  }
  for (const HttpHeaders& headers : {HttpHeaders{{"X", "a\r\nY: b"}}, {{"X: y", "z"}}, {{"", "z"}}, {{"X", "a\nb"}}}) {
    const HttpResult result = Send({.url = "http://127.0.0.1:1/", .headers = headers});
    EXPECT_EQ(result.failure, Failure::kBadRequest);
    EXPECT_FALSE(result.may_have_arrived);
  }
}

TEST_F(CurlClientTest, ChecksCertificates) {
  const http::Certificate good("good", "DNS:localhost");
  Trust(good);
  FaultServer server({Step::Answer(200, "")}, good.CertificatePem(), good.KeyPem());
  EXPECT_TRUE(Post(server).answered());

  const http::Certificate unknown("unknown", "DNS:localhost");
  FaultServer stranger({Step::Answer(200, "")}, unknown.CertificatePem(), unknown.KeyPem());
  const HttpResult refused = Post(stranger);
  EXPECT_EQ(refused.failure, Failure::kTls) << refused.message;
  EXPECT_FALSE(refused.may_have_arrived);
}

TEST_F(CurlClientTest, ChecksNames) {
  const http::Certificate other("other", "DNS:other.example");
  Trust(other);
  FaultServer server({Step::Answer(200, "")}, other.CertificatePem(), other.KeyPem());
  EXPECT_EQ(Post(server).failure, Failure::kTls);
}

TEST_F(CurlClientTest, ChecksDates) {
  const http::Certificate expired("expired", "DNS:localhost");
  X509_gmtime_adj(X509_getm_notAfter(expired.certificate()), -60);
  X509_sign(expired.certificate(), expired.key(), EVP_sha256());
  Trust(expired);
  FaultServer server({Step::Answer(200, "")}, expired.CertificatePem(), expired.KeyPem());
  const HttpResult result = Post(server);
  EXPECT_EQ(result.failure, Failure::kTls);
  EXPECT_NE(result.message.find("expired"), std::string::npos) << result.message;
}

TEST_F(CurlClientTest, GoesWhereTheGuardLetsIt) {
  FaultServer server({Step::Answer(200, "")});
  const std::string loopback[] = {"127.0.0.0/8"};
  const auto strict = std::make_shared<const AddressGuard>();
  const auto lenient = std::make_shared<const AddressGuard>(AddressGuard::Make(loopback).value());
  for (const std::string host : {"127.0.0.1", "localhost", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]"}) {
    const HttpResult result = Send({.url = "http://" + host + ":" + std::to_string(server.port()), .guard = strict});
    EXPECT_EQ(result.failure, Failure::kForbiddenAddress) << host << ": " << result.message;
    EXPECT_FALSE(result.may_have_arrived);
    EXPECT_EQ(result.message.find("the address guard does not allow "), 0u) << host << ": " << result.message;
  }
  EXPECT_EQ(server.connections(), 0u);
  EXPECT_TRUE(Send({.url = server.url(), .guard = lenient}).answered());
}

TEST_F(CurlClientTest, TheGuardAlsoLooksAtKeptConnections) {
  FaultServer server({Step::Answer(200, "")});
  EXPECT_TRUE(Send({.url = server.url()}).answered());
  const HttpResult result = Send({.url = server.url(), .guard = std::make_shared<const AddressGuard>()});
  EXPECT_EQ(result.failure, Failure::kForbiddenAddress);
  EXPECT_EQ(result.message, "the address guard does not allow 127.0.0.1");
  EXPECT_EQ(server.requests(), 1u);
}

TEST_F(CurlClientTest, UsesTheProxyItIsGivenButNotForThisMachineAndNotUnderAGuard) {
  FaultServer proxy({Step::Answer(200, "proxied")});
  FaultServer server({Step::Answer(200, "direct")});
  client_ = CurlClient::Start({.proxy = proxy.url()}).value();
  EXPECT_EQ(Send({.url = "http://example.invalid/"}).response.body, "proxied");
  EXPECT_EQ(Post(server).response.body, "direct");
  const HttpResult guarded = Send({.url = "http://example.invalid/", .guard = std::make_shared<const AddressGuard>()});
  EXPECT_EQ(guarded.failure, Failure::kResolve);
}

TEST_F(CurlClientTest, IsBounded) {
  client_ = CurlClient::Start({.requests_under_way = 2}).value();
  FaultServer server({Step::Silence()});
  Arrivals<HttpResult> results;
  client_->Send({.url = server.url()}, results.Adder());
  client_->Send({.url = server.url()}, results.Adder());
  EXPECT_EQ(Post(server).failure, Failure::kOverloaded);
  client_.reset();
  EXPECT_EQ(results.Take().failure, Failure::kClosed);
  EXPECT_EQ(results.Take().failure, Failure::kClosed);
}

TEST_F(CurlClientTest, ManyAtOnceShareConnections) {
  client_ = CurlClient::Start({.connections_per_host = 4}).value();
  FaultServer server({Step::Answer(200, "")});
  Arrivals<HttpResult> results;
  for (int i = 0; i < 500; ++i) client_->Send({.url = server.url(), .body = "x"}, results.Adder());
  for (int i = 0; i < 500; ++i) EXPECT_TRUE(results.Take().answered());
  EXPECT_LE(server.connections(), 4u);
}

TEST_F(CurlClientTest, RunsJobsInTheOrderOfTheirTimes) {
  Arrivals<int> runs;
  client_->After(20, [&] { runs.Add(2); });
  client_->After(0, [&] { runs.Add(1); });
  EXPECT_EQ(runs.Take(), 1);
  EXPECT_EQ(runs.Take(), 2);
}

TEST_F(CurlClientTest, AnswersMaySendAgain) {
  FaultServer server({Step::Answer(200, "")});
  Arrivals<HttpResult> results;
  client_->Send({.url = server.url()}, [&](HttpResult) { client_->Send({.url = server.url()}, results.Adder()); });
  EXPECT_TRUE(results.Take().answered());
}

}  // namespace
}  // namespace tokenbroker::outbound
