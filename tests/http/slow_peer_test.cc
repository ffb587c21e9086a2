// Who sends or reads slowly, or not at all.
#include <gtest/gtest.h>

#include <string>

#include "server/http/deadlines.h"
#include "tests/http/server_fixture.h"

namespace tokenbroker::http {
namespace {

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
  peer.Send(PostTo("/park", ""));
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

}  // namespace
}  // namespace tokenbroker::http
