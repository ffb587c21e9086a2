// What a well-behaved client sees, and what a slow one.
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

std::string Post(const std::string& path, const std::string& body, const std::string& fields = "") {
  return "POST " + path + " HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + fields +
         "\r\n" + body;
}

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
  for (int i = 0; i < 2'000; ++i) requests += Post("/echo", std::to_string(i));
  std::thread sender([&] { peer.Send(requests); });
  for (int i = 0; i < 2'000; ++i) ASSERT_EQ(peer.ReadAnswer().body, std::to_string(i));
  sender.join();
}

TEST_F(ServerTest, TheNextOfAPipelineWaitsForTheAnswer) {
  Start();
  RawPeer peer = Connect();
  peer.Send(Post("/park", "1") + Post("/park", "2") + kGet);
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
  EXPECT_EQ(Ask(Post("/echo", large)).body, large);
  std::string chunked = "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
  std::string expected;
  for (int i = 0; i < 5'000; ++i) {
    chunked += "2\r\nab\r\n";
    expected += "ab";
  }
  EXPECT_EQ(Ask(chunked + "0\r\n\r\n").body, expected);
  RawPeer slow = Connect();
  for (const char byte : Post("/echo", "slowly")) slow.Send({&byte, 1});
  EXPECT_EQ(slow.ReadAnswer().body, "slowly");
  EXPECT_EQ(Ask(Post("/small", "12345678")).body, "12345678");
}

TEST_F(ServerTest, InflatesBodies) {
  Start();
  const std::string text(100'000, 'z');
  EXPECT_EQ(Ask(Post("/echo", Gzipped(text), "Content-Encoding: gzip\r\n")).body, text);
  EXPECT_EQ(Ask(Post("/echo", "plain", "Content-Encoding: identity\r\n")).body, "plain");
  EXPECT_EQ(Ask(Post("/echo", Gzipped(text).substr(0, 50), "Content-Encoding: gzip\r\n")).status, 400);
  const RawAnswer other = Ask(Post("/echo", "x", "Content-Encoding: zstd\r\n"));
  EXPECT_EQ(other.status, 415);
  EXPECT_EQ(other.Field("Accept-Encoding"), "gzip");
  // A bomb: 20 KiB that would be 20 MB.
  EXPECT_EQ(Ask(Post("/echo", Gzipped(std::string(20'000'000, 'z')), "Content-Encoding: gzip\r\n")).status, 413);
}

TEST_F(ServerTest, BodiesTogetherHaveABound) {
  options_.limits.gathered_bytes = 100'000;
  Start();
  const std::string large(90'000, 'x');
  RawPeer first = Connect();
  first.Send(Post("/park", large));
  ExchangePtr held = parked_.Take();
  const RawAnswer refused = Ask(Post("/echo", std::string(200'000, 'x')));
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(refused.Field("Retry-After"), "1");
  held->Answer({});
  EXPECT_EQ(first.ReadAnswer().status, 200);
  EXPECT_EQ(Ask(Post("/echo", large)).body, large);
}

TEST_F(ServerTest, WhatInflatesBodiesCountsFromTheirFirstByte) {
  // Room for two.
  options_.limits.gathered_bytes = 100'000;
  Start();
  const std::string body = Gzipped("text");
  const std::string request = Post("/echo", body, "Content-Encoding: gzip\r\n");
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
    peers.back().Send(Post("/park", ""));
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
  peer.Send(Post("/park", ""));
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
  peer.Send(Post("/park", ""));
  ExchangePtr exchange = parked_.Take();
  EXPECT_FALSE(exchange->home().Here());
  Exchange* raw = exchange.get();
  raw->home().Run([raw] { raw->Answer({.body = raw->home().Here() ? "here" : "elsewhere"}); });
  EXPECT_EQ(peer.ReadAnswer().body, "here");
}

// Slow peers.

TEST_F(ServerTest, ASlowHeadIsTold408) {
  Start();
  RawPeer peer = Connect();
  peer.Send("GET /hel");
  Settle();
  Advance(options_.limits.header_time - 1);
  peer.Send("l");
  Settle();
  Advance(Deadlines::kCoarseness + 1);
  EXPECT_EQ(peer.ReadAnswer().status, 408);
  EXPECT_TRUE(peer.IsClosed());
}

// It holds memory that all bodies share.
TEST_F(ServerTest, ABodyThatBeganQuicklyMayNotStandStillForLong) {
  options_.limits.body_rate = 1;  // so that what has come, which is read in one go, buys an hour
  Start();
  RawPeer peer = Connect();
  peer.Send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n" + std::string(3'600, 'x'));
  Settle();
  Advance(options_.limits.stream_idle_time - 1);
  peer.Send("x");
  Settle();
  Advance(options_.limits.stream_idle_time - 1);
  Settle();
  EXPECT_EQ(observer_.hangups.size(), 0u);
  Advance(1 + Deadlines::kCoarseness);
  EXPECT_EQ(peer.ReadAnswer().status, 408);
}

TEST_F(ServerTest, ASlowBodyIsTold408) {
  Start();
  RawPeer peer = Connect();
  peer.Send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n");
  Settle();
  // 20 seconds' worth of bytes, and the grace.
  peer.Send(std::string(20 * 1'024, 'x'));
  Settle();
  Advance(29'900);
  Settle();
  EXPECT_EQ(observer_.hangups.size(), 0u);
  Advance(100 + Deadlines::kCoarseness);
  EXPECT_EQ(peer.ReadAnswer().status, 408);
}

TEST_F(ServerTest, IdleConnectionsClose) {
  Start();
  RawPeer fresh = Connect();
  RawPeer used = Connect();
  used.Send(kGet);
  EXPECT_EQ(used.ReadAnswer().status, 200);
  Advance(options_.limits.idle_time + Deadlines::kCoarseness);
  EXPECT_TRUE(fresh.IsClosed());
  EXPECT_TRUE(used.IsClosed());
}

TEST_F(ServerTest, AParkedExchangeWaitsAsLongAsItTakes) {
  Start();
  RawPeer peer = Connect();
  peer.Send(Post("/park", ""));
  ExchangePtr exchange = parked_.Take();
  Advance(3'600'000);
  exchange->Answer({.body = "at last"});
  EXPECT_EQ(peer.ReadAnswer().body, "at last");
}

TEST_F(ServerTest, APeerThatDoesNotReadIsLetGo) {
  Start();
  RawPeer peer = Connect(4'096);
  peer.Send(kGetLarge);
  EXPECT_EQ(observer_.answered.Take().second, 200);
  Settle();
  Advance(options_.limits.write_stall_time + Deadlines::kCoarseness);
  EXPECT_EQ(observer_.hangups.Take(), static_cast<int>(Hangup::kTooSlow));
}

TEST_F(ServerTest, WhoReadsAnAnswerSlowlyIsNotIdle) {
  options_.limits.idle_time = 1'000;
  Start();
  RawPeer peer = Connect(4'096);
  peer.Send(kGetLarge);
  EXPECT_EQ(observer_.answered.Take().second, 200);
  Settle();
  Advance(5'000);
  EXPECT_EQ(peer.ReadAnswer().body.size(), kLargeSize);
  // From now on it is.
  Settle();
  Advance(1'000 - 1);
  peer.Send(kGet);
  EXPECT_EQ(peer.ReadAnswer().status, 200);
  Settle();
  Advance(1'000 + Deadlines::kCoarseness);
  EXPECT_TRUE(peer.IsClosed());
}

TEST_F(ServerTest, ARequestThatWaitsBehindAnAnswerIsNotSlow) {
  options_.limits.header_time = 1'000;
  Start();
  RawPeer peer = Connect(4'096);
  peer.Send(std::string(kGetLarge) + kGet);
  EXPECT_EQ(observer_.answered.Take().second, 200);
  Settle();
  Advance(5'000);
  EXPECT_EQ(peer.ReadAnswer().body.size(), kLargeSize);
  EXPECT_EQ(peer.ReadAnswer().body, "hi");
}

TEST_F(ServerTest, ABodyThatNobodyWantsMayComeBehindItsAnswer) {
  options_.limits.body_grace = 1'000;
  ASSERT_TRUE(router_
                  .Add({.method = Method::kPost,
                        .path = "/ignore",
                        .handle = [](ExchangePtr e) { e->Answer({.body = std::string(kLargeSize, 'x')}); },
                        .body = BodyMode::kStreamed})
                  .ok());
  Start();
  RawPeer peer = Connect(4'096);
  peer.Send("POST /ignore HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n");
  EXPECT_EQ(observer_.answered.Take().second, 200);
  Settle();
  Advance(5'000);
  EXPECT_EQ(peer.ReadAnswer().body.size(), kLargeSize);
  peer.Send(std::string("abc") + kGet);
  EXPECT_EQ(peer.ReadAnswer().body, "hi");
}

TEST_F(ServerTest, AClosingConnectionClosesWhenItsAnswerHasBeenTaken) {
  Start();
  RawPeer peer = Connect(4'096);
  peer.Send("GET /large HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(observer_.answered.Take().second, 200);
  Settle();
  Advance(options_.limits.linger_time + Deadlines::kCoarseness);
  EXPECT_EQ(peer.ReadAnswer().body.size(), kLargeSize);
  EXPECT_TRUE(peer.IsClosed());
}

TEST_F(ServerTest, AClosingConnectionWhoseAnswerNobodyTakesIsLetGo) {
  Start();
  RawPeer peer = Connect(4'096);
  peer.Send("GET /large HTTP/1.0\r\n\r\n");
  EXPECT_EQ(observer_.answered.Take().second, 200);
  Settle();
  Advance(options_.limits.write_stall_time + Deadlines::kCoarseness);
  EXPECT_EQ(observer_.hangups.Take(), static_cast<int>(Hangup::kTooSlow));
}

TEST_F(ServerTest, WhoTakesAnAnswerTooSlowlyIsLetGo) {
  options_.limits.write_rate = 1'000'000;
  Start();
  RawPeer peer = Connect(4'096);
  EXPECT_FALSE(TakeSlowly(peer));
  EXPECT_EQ(observer_.hangups.Take(), static_cast<int>(Hangup::kTooSlow));
}

TEST_F(ServerTest, WhoTakesAnAnswerSteadilyMayTakeLongerThanAStall) {
  options_.limits.write_rate = 10'000;
  Start();
  RawPeer peer = Connect(4'096);
  EXPECT_TRUE(TakeSlowly(peer));
}

TEST_F(ServerTest, AnswersThatWaitForTheirReadersHaveABoundTogether) {
  options_.limits.unsent_bytes = kLargeSize + 1'000'000;
  Start();
  RawPeer first = Connect(4'096);
  first.Send(kGetLarge);
  EXPECT_EQ(observer_.answered.Take().second, 200);
  Settle();
  EXPECT_EQ(observer_.hangups.size(), 0u);
  RawPeer second = Connect(4'096);
  second.Send(kGetLarge);
  EXPECT_EQ(observer_.hangups.Take(), static_cast<int>(Hangup::kUnsent));
  EXPECT_EQ(first.ReadAnswer().body.size(), kLargeSize);
  // What has been taken makes room again, and what was for the one that was hung up on.
  for (int i = 0; i < 2; ++i) {
    RawPeer next = Connect(4'096);
    next.Send(kGetLarge);
    EXPECT_EQ(next.ReadAnswer().body.size(), kLargeSize);
  }
  EXPECT_EQ(observer_.hangups.size(), 0u);
}

TEST_F(ServerTest, TheOldestIdleConnectionMakesRoom) {
  options_.limits.connections = 2;
  Start();
  RawPeer first = Connect();
  first.Send(kGet);
  EXPECT_EQ(first.ReadAnswer().status, 200);
  RawPeer busy = Connect();
  busy.Send(Post("/park", ""));
  ExchangePtr held = parked_.Take();
  RawPeer third = Connect();
  third.Send(kGet);
  EXPECT_EQ(third.ReadAnswer().status, 200);
  EXPECT_TRUE(first.IsClosed());
  third.Send(Post("/park", ""));
  ExchangePtr other = parked_.Take();
  RawPeer fourth = Connect();
  EXPECT_EQ(fourth.ReadAnswer().status, 503);
  EXPECT_TRUE(fourth.IsClosed());
}

TEST_F(ServerTest, RequestsPerConnectionHaveABound) {
  options_.limits.requests_per_connection = 2;
  Start();
  RawPeer peer = Connect();
  peer.Send(std::string(kGet) + kGet + kGet);
  EXPECT_EQ(peer.ReadAnswer().Field("Connection"), "");
  EXPECT_EQ(peer.ReadAnswer().Field("Connection"), "close");
  EXPECT_EQ(peer.ReadAll(), "");
}

// The end.

TEST_F(ServerTest, DrainsWithoutLosingAnAnswer) {
  Start();
  RawPeer idle = Connect();
  idle.Send(kGet);
  EXPECT_EQ(idle.ReadAnswer().status, 200);
  RawPeer busy = Connect();
  busy.Send(Post("/park", ""));
  ExchangePtr exchange = parked_.Take();
  server_->Drain();
  EXPECT_TRUE(idle.IsClosed());
  EXPECT_FALSE(Connect().connected());
  exchange->Answer({.body = "done"});
  const RawAnswer answer = busy.ReadAnswer();
  EXPECT_EQ(answer.body, "done");
  EXPECT_EQ(answer.Field("Connection"), "close");
  EXPECT_TRUE(busy.IsClosed());
  server_->Shutdown(10'000);
  EXPECT_EQ(server_->connections(), 0);
}

struct GoneListener : Listener {
  explicit GoneListener(Arrivals<int>& gone) : gone(gone) {}
  void OnGone() override { gone.Add(1); }
  Arrivals<int>& gone;
};

TEST_F(ServerTest, ShutdownTellsWhoStillWaits) {
  Arrivals<int> gone;
  ASSERT_TRUE(router_
                  .Add({.method = Method::kGet,
                        .path = "/wait",
                        .handle =
                            [&](ExchangePtr exchange) {
                              exchange->Listen(std::make_shared<GoneListener>(gone));
                              parked_.Add(std::move(exchange));
                            }})
                  .ok());
  Start();
  RawPeer peer = Connect();
  peer.Send("GET /wait HTTP/1.1\r\nHost: x\r\n\r\n");
  ExchangePtr exchange = parked_.Take();
  server_->Shutdown(0);
  EXPECT_EQ(gone.size(), 1u);
  EXPECT_TRUE(peer.IsClosed());
  // To nobody, but it does no harm. The exchange may also outlive the server.
  exchange->Answer({});
  server_.reset();
  exchange->home().Run([] { FAIL(); });
  exchange.reset();
}

TEST_F(ServerTest, TheHandlerIsToldThatThePeerHasLeft) {
  Arrivals<int> gone;
  ASSERT_TRUE(router_
                  .Add({.method = Method::kGet,
                        .path = "/wait",
                        .handle =
                            [&](ExchangePtr exchange) {
                              exchange->Listen(std::make_shared<GoneListener>(gone));
                              parked_.Add(std::move(exchange));
                            }})
                  .ok());
  Start();
  ExchangePtr exchange;
  {
    RawPeer peer = Connect();
    peer.Send("GET /wait HTTP/1.1\r\nHost: x\r\n\r\n");
    exchange = parked_.Take();
  }
  EXPECT_EQ(gone.Take(), 1);
  // Half-closed, it still gets its answer.
  RawPeer half = Connect();
  half.Send("GET /wait HTTP/1.1\r\nHost: x\r\n\r\n");
  half.EndSending();
  exchange = parked_.Take();
  EXPECT_EQ(gone.Take(), 1);
  exchange->Answer({.body = "late"});
  EXPECT_EQ(half.ReadAnswer().body, "late");
}

TEST_F(ServerTest, APeerThatLeavesRequestsBehindHasLeftToo) {
  Arrivals<int> gone;
  ASSERT_TRUE(router_
                  .Add({.method = Method::kGet,
                        .path = "/wait",
                        .handle =
                            [&](ExchangePtr exchange) {
                              exchange->Listen(std::make_shared<GoneListener>(gone));
                              parked_.Add(std::move(exchange));
                            }})
                  .ok());
  Start();
  const std::string request = "GET /wait HTTP/1.1\r\nHost: x\r\n\r\n";
  RawPeer staying = Connect();
  staying.Send(request);
  ExchangePtr first = parked_.Take();
  staying.Send(request);
  {
    RawPeer leaving = Connect();
    leaving.Send(request);
    ExchangePtr exchange = parked_.Take();
    leaving.Send(request);
    parked_.Add(std::move(exchange));
  }
  while (gone.size() == 0) Advance(options_.limits.probe_time + Deadlines::kCoarseness);
  Advance(options_.limits.probe_time + Deadlines::kCoarseness);
  EXPECT_EQ(gone.size(), 1u) << "the other is still there";
  first->Answer({.body = "first"});
  EXPECT_EQ(staying.ReadAnswer().body, "first");
  server_->Shutdown(0);
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
