// How connections end: for want of room, by a drain, by a peer that leaves.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "server/http/deadlines.h"
#include "tests/http/server_fixture.h"

namespace tokenbroker::http {
namespace {

constexpr char kWait[] = "GET /wait HTTP/1.1\r\nHost: x\r\n\r\n";

struct GoneListener : Listener {
  explicit GoneListener(Arrivals<int>& gone) : gone(gone) {}
  void OnGone() override { gone.Add(1); }
  Arrivals<int>& gone;
};

class ClosingTest : public ServerTest {
 protected:
  // GET /wait keeps the exchange in `parked_`, and notes in `gone_` that its peer has left.
  void AddWait() {
    const auto wait = [this](ExchangePtr exchange) {
      exchange->Listen(std::make_shared<GoneListener>(gone_));
      parked_.Add(std::move(exchange));
    };
    ASSERT_TRUE(router_.Add({.method = Method::kGet, .path = "/wait", .handle = wait}).ok());
  }

  Arrivals<int> gone_;
};

TEST_F(ClosingTest, TheOldestIdleConnectionMakesRoom) {
  options_.limits.connections = 2;
  Start();
  RawPeer first = Connect();
  first.Send(kGet);
  EXPECT_EQ(first.ReadAnswer().status, 200);
  RawPeer busy = Connect();
  busy.Send(PostTo("/park", ""));
  ExchangePtr held = parked_.Take();
  RawPeer third = Connect();
  third.Send(kGet);
  EXPECT_EQ(third.ReadAnswer().status, 200);
  EXPECT_TRUE(first.IsClosed());
  third.Send(PostTo("/park", ""));
  ExchangePtr other = parked_.Take();
  RawPeer fourth = Connect();
  EXPECT_EQ(fourth.ReadAnswer().status, 503);
  EXPECT_TRUE(fourth.IsClosed());
}

TEST_F(ClosingTest, RequestsPerConnectionHaveABound) {
  options_.limits.requests_per_connection = 2;
  Start();
  RawPeer peer = Connect();
  peer.Send(std::string(kGet) + kGet + kGet);
  EXPECT_EQ(peer.ReadAnswer().Field("Connection"), "");
  EXPECT_EQ(peer.ReadAnswer().Field("Connection"), "close");
  EXPECT_EQ(peer.ReadAll(), "");
}

TEST_F(ClosingTest, DrainsWithoutLosingAnAnswer) {
  Start();
  RawPeer idle = Connect();
  idle.Send(kGet);
  EXPECT_EQ(idle.ReadAnswer().status, 200);
  RawPeer busy = Connect();
  busy.Send(PostTo("/park", ""));
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

TEST_F(ClosingTest, ShutdownTellsWhoStillWaits) {
  AddWait();
  Start();
  RawPeer peer = Connect();
  peer.Send(kWait);
  ExchangePtr exchange = parked_.Take();
  server_->Shutdown(0);
  EXPECT_EQ(gone_.size(), 1u);
  EXPECT_TRUE(peer.IsClosed());
  // To nobody, but it does no harm. The exchange may also outlive the server.
  exchange->Answer({});
  server_.reset();
  exchange->home().Run([] { FAIL(); });
  exchange.reset();
}

TEST_F(ClosingTest, TheHandlerIsToldThatThePeerHasLeft) {
  AddWait();
  Start();
  ExchangePtr exchange;
  {
    RawPeer peer = Connect();
    peer.Send(kWait);
    exchange = parked_.Take();
  }
  EXPECT_EQ(gone_.Take(), 1);
  // Half-closed, it still gets its answer.
  RawPeer half = Connect();
  half.Send(kWait);
  half.EndSending();
  exchange = parked_.Take();
  EXPECT_EQ(gone_.Take(), 1);
  exchange->Answer({.body = "late"});
  EXPECT_EQ(half.ReadAnswer().body, "late");
}

TEST_F(ClosingTest, APeerThatLeavesRequestsBehindHasLeftToo) {
  AddWait();
  Start();
  RawPeer staying = Connect();
  staying.Send(kWait);
  ExchangePtr first = parked_.Take();
  staying.Send(kWait);
  {
    RawPeer leaving = Connect();
    leaving.Send(kWait);
    ExchangePtr exchange = parked_.Take();
    leaving.Send(kWait);
    parked_.Add(std::move(exchange));
  }
  while (gone_.size() == 0) Advance(options_.limits.probe_time + Deadlines::kCoarseness);
  Advance(options_.limits.probe_time + Deadlines::kCoarseness);
  EXPECT_EQ(gone_.size(), 1u) << "the other is still there";
  first->Answer({.body = "first"});
  EXPECT_EQ(staying.ReadAnswer().body, "first");
  server_->Shutdown(0);
}

}  // namespace
}  // namespace tokenbroker::http
