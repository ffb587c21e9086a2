// What a well-behaved client sees.
#include "server/http/server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "tests/http/gzip.h"
#include "tests/http/server_fixture.h"

namespace tokenbroker::http {
namespace {

using testing::HasSubstr;
using testing::Pair;
using testing::StartsWith;

TEST_F(ServerTest, AnswersWithAllThatBelongsToAnAnswer) {
  Start();
  const RawAnswer answer = Ask("GET /hello HTTP/1.1\r\nHost: x\r\nX-Request-Id: abc-1\r\n\r\n");
  EXPECT_THAT(answer.head, StartsWith("HTTP/1.1 200 OK\r\nDate: "));
  EXPECT_EQ(answer.Field("Server"), "tokenbroker");
  EXPECT_EQ(answer.Field("X-Request-Id"), "abc-1");
  EXPECT_EQ(answer.Field("Content-Type"), "text/plain");
  EXPECT_EQ(answer.Field("Content-Length"), "2");
  EXPECT_THAT(answer.Field("Date"), testing::MatchesRegex("..., .. ... 20.. ..:..:.. GMT"));
  EXPECT_THAT(observer_.answered.Take(), Pair("GET /hello", 200));
}

TEST_F(ServerTest, MakesARequestIdIfThereIsNoneThatIsSane) {
  Start();
  EXPECT_EQ(Ask(kGet).Field("X-Request-Id").size(), 16u);
  EXPECT_EQ(Ask("GET /hello HTTP/1.1\r\nHost: x\r\nX-Request-Id: a b\r\n\r\n").Field("X-Request-Id").size(), 16u);
  EXPECT_EQ(Ask("GET /hello HTTP/1.1\r\nHost: x\r\nX-Request-Id: " + std::string(65, 'a') + "\r\n\r\n")
                .Field("X-Request-Id")
                .size(),
            16u);
}

TEST_F(ServerTest, HeadHasTheHeadOnly) {
  Start();
  RawPeer peer = Connect();
  peer.Send("HEAD /hello HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(peer.ReadAnswer(true).Field("Content-Length"), "2");
  peer.Send("HEAD /nope HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(peer.ReadAnswer(true).status, 404);
  peer.Send(kGet);
  EXPECT_EQ(peer.ReadAnswer().body, "hi");
}

TEST_F(ServerTest, ClosesWhenItIsAskedTo) {
  Start();
  RawPeer closing = Connect();
  closing.Send("GET /hello HTTP/1.1\r\nHost: x\r\nConnection: foo, Close\r\n\r\n");
  EXPECT_EQ(closing.ReadAnswer().Field("Connection"), "close");
  EXPECT_TRUE(closing.IsClosed());
  RawPeer old = Connect();
  old.Send("GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_EQ(old.ReadAnswer().Field("Connection"), "keep-alive");
  old.Send("GET /hello HTTP/1.0\r\n\r\n");
  EXPECT_EQ(old.ReadAnswer().Field("Connection"), "close");
  EXPECT_TRUE(old.IsClosed());
}

TEST_F(ServerTest, AnswersAPipelineInOrder) {
  Start();
  RawPeer peer = Connect();
  std::string requests;
  for (int i = 0; i < 2'000; ++i) requests += PostTo("/echo", std::to_string(i));
  std::thread sender([&] { peer.Send(requests); });
  for (int i = 0; i < 2'000; ++i) ASSERT_EQ(peer.ReadAnswer().body, std::to_string(i));
  sender.join();
}

TEST_F(ServerTest, TheNextOfAPipelineWaitsForTheAnswer) {
  Start();
  RawPeer peer = Connect();
  peer.Send(PostTo("/park", "1") + PostTo("/park", "2") + kGet);
  ExchangePtr first = parked_.Take();
  Settle();
  EXPECT_EQ(parked_.size(), 0u);
  first->Answer({.body = "one"});
  ExchangePtr second = parked_.Take();
  second->Answer({.body = "two"});
  EXPECT_EQ(peer.ReadAnswer().body, "one");
  EXPECT_EQ(peer.ReadAnswer().body, "two");
  EXPECT_EQ(peer.ReadAnswer().body, "hi");
}

TEST_F(ServerTest, TakesBodiesInWhateverPieces) {
  Start();
  const std::string large(3'000'000, 'x');
  EXPECT_EQ(Ask(PostTo("/echo", large)).body, large);
  std::string chunked = "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
  std::string expected;
  for (int i = 0; i < 5'000; ++i) {
    chunked += "2\r\nab\r\n";
    expected += "ab";
  }
  EXPECT_EQ(Ask(chunked + "0\r\n\r\n").body, expected);
  RawPeer slow = Connect();
  for (const char byte : PostTo("/echo", "slowly")) slow.Send({&byte, 1});
  EXPECT_EQ(slow.ReadAnswer().body, "slowly");
  EXPECT_EQ(Ask(PostTo("/small", "12345678")).body, "12345678");
}

TEST_F(ServerTest, InflatesBodies) {
  Start();
  const std::string text(100'000, 'z');
  EXPECT_EQ(Ask(PostTo("/echo", Gzipped(text), "Content-Encoding: gzip\r\n")).body, text);
  EXPECT_EQ(Ask(PostTo("/echo", "plain", "Content-Encoding: identity\r\n")).body, "plain");
  EXPECT_EQ(Ask(PostTo("/echo", Gzipped(text).substr(0, 50), "Content-Encoding: gzip\r\n")).status, 400);
  const RawAnswer other = Ask(PostTo("/echo", "x", "Content-Encoding: zstd\r\n"));
  EXPECT_EQ(other.status, 415);
  EXPECT_EQ(other.Field("Accept-Encoding"), "gzip");
  // A bomb: 20 KiB that would be 20 MB.
  EXPECT_EQ(Ask(PostTo("/echo", Gzipped(std::string(20'000'000, 'z')), "Content-Encoding: gzip\r\n")).status, 413);
}

TEST_F(ServerTest, BodiesTogetherHaveABound) {
  options_.limits.gathered_bytes = 100'000;
  Start();
  const std::string large(90'000, 'x');
  RawPeer first = Connect();
  first.Send(PostTo("/park", large));
  ExchangePtr held = parked_.Take();
  const RawAnswer refused = Ask(PostTo("/echo", std::string(200'000, 'x')));
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(refused.Field("Retry-After"), "1");
  held->Answer({});
  EXPECT_EQ(first.ReadAnswer().status, 200);
  EXPECT_EQ(Ask(PostTo("/echo", large)).body, large);
}

TEST_F(ServerTest, WhatInflatesBodiesCountsFromTheirFirstByte) {
  // Room for two.
  options_.limits.gathered_bytes = 100'000;
  Start();
  const std::string body = Gzipped("text");
  const std::string request = PostTo("/echo", body, "Content-Encoding: gzip\r\n");
  const std::string head = request.substr(0, request.size() - body.size());
  std::vector<RawPeer> peers;
  for (int i = 0; i < 3; ++i) {
    peers.push_back(Connect());
    peers.back().Send(head);
  }
  Settle();
  for (RawPeer& peer : peers) {
    peer.Send(body.substr(0, 1));
    Settle();
  }
  const RawAnswer refused = peers[2].ReadAnswer();
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(refused.Field("Retry-After"), "1");
  peers.pop_back();
  for (RawPeer& peer : peers) {
    peer.Send(body.substr(1));
    EXPECT_EQ(peer.ReadAnswer().body, "text");
  }
  EXPECT_EQ(Ask(request).body, "text");
}

TEST_F(ServerTest, AsksForTheBodyOnlyIfItIsWanted) {
  Start();
  RawPeer peer = Connect();
  peer.Send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(peer.ReadLine(), "HTTP/1.1 100 Continue");
  EXPECT_EQ(peer.ReadLine(), "");
  peer.Send("abc");
  EXPECT_EQ(peer.ReadAnswer().body, "abc");
  peer.Send("POST /nope HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(peer.ReadAnswer().status, 404);
  EXPECT_TRUE(peer.IsClosed());
}

TEST_F(ServerTest, CorsIsOffUnlessItIsOn) {
  Start();
  const std::string preflight =
      "OPTIONS /hello HTTP/1.1\r\nHost: x\r\nOrigin: https://a.example\r\nAccess-Control-Request-Method: GET\r\n\r\n";
  EXPECT_THAT(Ask(preflight).head, testing::Not(HasSubstr("Access-Control")));
  server_.reset();
  router_ = Router();
  options_.cors.allowed_origins = {"https://a.example"};
  Start();
  EXPECT_EQ(Ask(preflight).Field("Access-Control-Allow-Origin"), "https://a.example");
  EXPECT_EQ(Ask(preflight).Field("Access-Control-Allow-Methods"), "GET, HEAD, OPTIONS");
  EXPECT_EQ(
      Ask("GET /nope HTTP/1.1\r\nHost: x\r\nOrigin: https://a.example\r\n\r\n").Field("Access-Control-Allow-Origin"),
      "https://a.example");
  const RawAnswer other = Ask("GET /hello HTTP/1.1\r\nHost: x\r\nOrigin: https://b.example\r\n\r\n");
  EXPECT_EQ(other.Field("Access-Control-Allow-Origin"), "");
  EXPECT_EQ(other.Field("Vary"), "Origin");
}

TEST_F(ServerTest, DoorsWordTheirOwnErrors) {
  router_.SetErrorForm("/v1/", [](const Failure& failure) {
    return Response{.status = failure.status, .content_type = "application/json", .body = "{}"};
  });
  Start();
  EXPECT_EQ(Ask("GET /v1/nope HTTP/1.1\r\nHost: x\r\n\r\n").Field("Content-Type"), "application/json");
  EXPECT_EQ(Ask("DELETE /v1/things/1 HTTP/1.1\r\nHost: x\r\n\r\n").Field("Allow"), "GET, HEAD, OPTIONS");
}

TEST_F(ServerTest, AnswersFromOtherThreadsArriveAll) {
  options_.threads = 2;
  Start();
  std::vector<RawPeer> peers;
  for (int i = 0; i < 64; ++i) {
    peers.push_back(Connect());
    peers.back().Send(PostTo("/park", ""));
  }
  ASSERT_TRUE(parked_.WaitForSize(64));
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([this] {
      for (int n = 0; n < 16; ++n) parked_.Take()->Answer({.body = "done"});
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (RawPeer& peer : peers) EXPECT_EQ(peer.ReadAnswer().body, "done");
}

TEST_F(ServerTest, TheFirstAnswerCounts) {
  Start();
  RawPeer peer = Connect();
  peer.Send(PostTo("/park", ""));
  ExchangePtr exchange = parked_.Take();
  exchange->Answer({.body = "first"});
  exchange->Answer({.body = "second"});
  exchange->Write("third");
  exchange->End();
  exchange.reset();
  EXPECT_EQ(peer.ReadAnswer().body, "first");
  peer.Send(kGet);
  EXPECT_EQ(peer.ReadAnswer().body, "hi");
}

TEST_F(ServerTest, WorkCanBePostedToTheConnectionsThread) {
  Start();
  RawPeer peer = Connect();
  peer.Send(PostTo("/park", ""));
  ExchangePtr exchange = parked_.Take();
  EXPECT_FALSE(exchange->home().Here());
  Exchange* raw = exchange.get();
  raw->home().Run([raw] { raw->Answer({.body = raw->home().Here() ? "here" : "elsewhere"}); });
  EXPECT_EQ(peer.ReadAnswer().body, "here");
}

TEST_F(ServerTest, ListensOnIpv6) {
  options_.listen = "[::1]:0";
  Start();
  EXPECT_GT(server_->port(), 0);
}

TEST(ServerStart, SaysWhatIsWrong) {
  EXPECT_EQ(Server::Start({.listen = "nonsense"}, Router()).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Server::Start({.listen = "192.0.2.1:0"}, Router()).status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(Server::Start({.tls = {.certificate_file = "/nonexistent", .key_file = "/nonexistent"}}, Router())
                .status()
                .code(),
            absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace tokenbroker::http
