// Bodies in pieces, in and out, at the pace of the slower side.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "tests/http/gzip.h"
#include "tests/http/server_fixture.h"

namespace tokenbroker::http {
namespace {

// Tells the test what it is told.
struct Told : Listener {
  void OnBody(std::string_view bytes, bool last) override { body.Add({std::string(bytes), last}); }
  void OnWritten() override { written.Add(1); }
  void OnAlarm() override {
    if (on_alarm) on_alarm();
    alarms.Add(1);
  }
  void OnGone() override { gone.Add(1); }

  std::function<void()> on_alarm;
  Arrivals<std::pair<std::string, bool>> body;
  Arrivals<int> written;
  Arrivals<int> alarms;
  Arrivals<int> gone;
};

class StreamTest : public ServerTest {
 protected:
  void SetUp() override {
    ServerTest::SetUp();
    for (const Method method : {Method::kGet, Method::kPost}) {
      ASSERT_TRUE(router_
                      .Add({.method = method,
                            .path = "/stream",
                            .handle =
                                [this](ExchangePtr exchange) {
                                  exchange->Listen(told_);
                                  parked_.Add(std::move(exchange));
                                },
                            .body = BodyMode::kStreamed})
                      .ok());
    }
  }
  ExchangePtr Open(RawPeer& peer, const std::string& version = "1.1") {
    peer.Send("GET /stream HTTP/" + version + "\r\nHost: x\r\n\r\n");
    return parked_.Take();
  }
  ExchangePtr OpenUpload(RawPeer& peer, const std::string& fields) {
    peer.Send("POST /stream HTTP/1.1\r\nHost: x\r\n" + fields + "\r\n");
    return parked_.Take();
  }

  std::shared_ptr<Told> told_ = std::make_shared<Told>();
};

TEST_F(StreamTest, AnswersInChunks) {
  Start();
  RawPeer peer = Connect();
  ExchangePtr exchange = Open(peer);
  exchange->Stream({.content_type = "text/event-stream", .body = "data: 1\n\n"});
  EXPECT_EQ(told_->written.Take(), 1);
  exchange->Write("data: 2\n\n");
  EXPECT_EQ(told_->written.Take(), 1);
  exchange->Write("");
  exchange->End();
  const RawAnswer answer = peer.ReadAnswer();
  EXPECT_EQ(answer.Field("Transfer-Encoding"), "chunked");
  EXPECT_EQ(answer.Field("Content-Length"), "");
  EXPECT_EQ(answer.body, "data: 1\n\ndata: 2\n\n");
  peer.Send(kGet);
  EXPECT_EQ(peer.ReadAnswer().body, "hi");
}

TEST_F(StreamTest, AnswersOldClientsUntilTheEndOfTheConnection) {
  Start();
  RawPeer peer = Connect();
  ExchangePtr exchange = Open(peer, "1.0");
  exchange->Stream({.body = "a"});
  exchange->Write("b");
  exchange->End();
  const std::string all = peer.ReadAll();
  EXPECT_EQ(all.substr(all.find("\r\n\r\n")), "\r\n\r\nab");
  EXPECT_EQ(all.find("Transfer-Encoding"), std::string::npos);
}

TEST_F(StreamTest, HeadGetsTheHeadAndTheHandlerIsToldToStop) {
  Start();
  RawPeer peer = Connect();
  peer.Send("HEAD /stream HTTP/1.1\r\nHost: x\r\n\r\n");
  ExchangePtr exchange = parked_.Take();
  exchange->Stream({.body = "data"});
  EXPECT_EQ(peer.ReadAnswer(true).Field("Transfer-Encoding"), "chunked");
  EXPECT_EQ(told_->gone.Take(), 1);
  peer.Send(kGet);
  EXPECT_EQ(peer.ReadAnswer().body, "hi");
}

TEST_F(StreamTest, IsToldWhenThereIsRoomForMore) {
  Start();
  RawPeer peer = Connect(4'096);
  ExchangePtr exchange = Open(peer);
  exchange->Stream({});
  EXPECT_EQ(told_->written.Take(), 1);
  // Until the machine's buffers are full, and OnWritten does not come.
  const std::string piece(500'000, 'x');
  size_t sent = 0;
  while (true) {
    exchange->Write(piece);
    sent += piece.size();
    Settle();
    if (told_->written.size() == 0) break;
    told_->written.Take();
    ASSERT_LT(sent, 100'000'000u);
  }
  size_t received = 0;
  std::thread reader([&] { received = peer.ReadAnswer().body.size(); });
  EXPECT_EQ(told_->written.Take(), 1);
  exchange->End();
  reader.join();
  EXPECT_EQ(received, sent);
}

TEST_F(StreamTest, WhoWritesRegardlessIsCutOff) {
  Start();
  RawPeer peer = Connect(4'096);
  ExchangePtr exchange = Open(peer);
  exchange->Stream({});
  for (int i = 0; i < 100; ++i) exchange->Write(std::string(200'000, 'x'));
  EXPECT_EQ(told_->gone.Take(), 1);
  EXPECT_EQ(observer_.hangups.Take(), static_cast<int>(Hangup::kTooSlow));
}

TEST_F(StreamTest, OnePieceMayBeLargerThanTheBacklog) {
  Start();
  RawPeer peer = Connect();
  ExchangePtr exchange = Open(peer);
  const std::string piece(2 * options_.limits.stream_backlog_bytes, 'x');
  size_t received = 0;
  std::thread reader([&] { received = peer.ReadAnswer().body.size(); });
  exchange->Stream({.body = piece});
  EXPECT_EQ(told_->written.Take(), 1);
  exchange->Write(piece);
  EXPECT_EQ(told_->written.Take(), 1);
  exchange->Write(piece);
  exchange->End();
  reader.join();
  EXPECT_EQ(received, 3 * piece.size());
  EXPECT_EQ(observer_.hangups.size(), 0u);
}

TEST_F(StreamTest, BehindAPieceLargerThanTheBacklogNothingMayWait) {
  Start();
  RawPeer peer = Connect(4'096);
  ExchangePtr exchange = Open(peer);
  // More than the machine's buffers take.
  exchange->Stream({.body = std::string(32 * options_.limits.stream_backlog_bytes, 'x')});
  Settle();
  EXPECT_EQ(observer_.hangups.size(), 0u);
  exchange->Write("y");
  EXPECT_EQ(told_->gone.Take(), 1);
  EXPECT_EQ(observer_.hangups.Take(), static_cast<int>(Hangup::kTooSlow));
}

TEST_F(StreamTest, PiecesThatAreWrittenTogetherCountOneByOne) {
  Start();
  RawPeer peer = Connect();
  ExchangePtr exchange = Open(peer);
  const std::string piece(2 * options_.limits.stream_backlog_bytes, 'x');
  // While the connection serves its listener it takes nothing.
  told_->on_alarm = [&] {
    exchange->Stream({});
    exchange->Write(piece);
    exchange->Write("y");
  };
  exchange->WakeAfter(1);
  Settle();
  Advance(1 + Deadlines::kCoarseness);
  EXPECT_EQ(told_->gone.Take(), 1);
  EXPECT_EQ(observer_.hangups.Take(), static_cast<int>(Hangup::kTooSlow));
}

TEST_F(StreamTest, ADroppedStreamIsCutOff) {
  Start();
  RawPeer peer = Connect();
  ExchangePtr exchange = Open(peer);
  exchange->Stream({.body = "some"});
  EXPECT_EQ(told_->written.Take(), 1);
  exchange.reset();
  const std::string all = peer.ReadAll();
  EXPECT_EQ(all.find("0\r\n\r\n"), std::string::npos);
}

TEST_F(StreamTest, ThePeersLeavingEndsIt) {
  Start();
  ExchangePtr exchange;
  {
    RawPeer peer = Connect();
    exchange = Open(peer);
    exchange->Stream({.body = "some"});
    EXPECT_EQ(told_->written.Take(), 1);
  }
  EXPECT_EQ(told_->gone.Take(), 1);
  EXPECT_EQ(observer_.answered.Take().second, 499);
  exchange->Write("to nobody");
}

TEST_F(StreamTest, AlarmsRingOnce) {
  Start();
  RawPeer peer = Connect();
  ExchangePtr exchange = Open(peer);
  exchange->WakeAfter(15'000);
  Settle();
  Advance(14'999);
  EXPECT_EQ(told_->alarms.size(), 0u);
  Advance(1 + Deadlines::kCoarseness);
  EXPECT_EQ(told_->alarms.size(), 1u);
  Advance(3'600'000);
  EXPECT_EQ(told_->alarms.size(), 1u);
  exchange->Answer({});
  EXPECT_EQ(peer.ReadAnswer().status, 200);
}

// Bodies in.

TEST_F(StreamTest, GivesAPieceForEachReading) {
  Start();
  RawPeer peer = Connect();
  ExchangePtr exchange = OpenUpload(peer, "Transfer-Encoding: chunked\r\n");
  peer.Send("3\r\na\n\n\r\n");
  exchange->ReadBody();
  EXPECT_EQ(told_->body.Take(), std::pair(std::string("a\n\n"), false));
  peer.Send("2\r\nb\n\r\n0\r\n\r\n");
  Settle();
  EXPECT_EQ(told_->body.size(), 0u) << "nobody has asked";
  exchange->ReadBody();
  EXPECT_EQ(told_->body.Take(), std::pair(std::string("b\n"), false));
  exchange->ReadBody();
  EXPECT_EQ(told_->body.Take(), std::pair(std::string(), true));
  exchange->Answer({.body = "thanks"});
  EXPECT_EQ(peer.ReadAnswer().body, "thanks");
  peer.Send(kGet);
  EXPECT_EQ(peer.ReadAnswer().body, "hi");
}

TEST_F(StreamTest, ReadsNoMoreThanItIsAskedFor) {
  Start();
  RawPeer peer = Connect();
  ExchangePtr exchange = OpenUpload(peer, "Content-Length: 1000000000\r\n");
  const std::string piece(1'000'000, 'x');
  size_t sent = 0;
  // Until the machine's buffers are full.
  while (peer.SendSome(piece)) ASSERT_LT(sent += 100'000, 100'000'000u);
  exchange->ReadBody();
  EXPECT_GT(told_->body.Take().first.size(), 0u);
  Settle();
  EXPECT_EQ(told_->body.size(), 0u);
}

TEST_F(StreamTest, WritesWhileItReads) {
  Start();
  RawPeer peer = Connect();
  ExchangePtr exchange = OpenUpload(peer, "Transfer-Encoding: chunked\r\n");
  exchange->Stream({.content_type = "application/x-ndjson"});
  peer.ReadLine();
  std::string line;
  while (!peer.ReadLine().empty()) {
  }
  for (int i = 0; i < 10; ++i) {
    peer.Send("2\r\n" + std::to_string(i) + "\n\r\n");
    exchange->ReadBody();
    const auto [bytes, last] = told_->body.Take();
    exchange->Write(bytes);
    EXPECT_EQ(peer.ReadLine(), "2");
    EXPECT_EQ(peer.ReadLine(), std::to_string(i) + "\n");
  }
  peer.Send("0\r\n\r\n");
  exchange->ReadBody();
  EXPECT_TRUE(told_->body.Take().second);
  exchange->End();
  EXPECT_EQ(peer.ReadLine(), "0");
  EXPECT_EQ(peer.ReadLine(), "");
}

TEST_F(StreamTest, InflatesInPieces) {
  Start();
  std::string text;
  for (int i = 0; i < 200'000; ++i) text += std::to_string(i) + "\n";
  const std::string gzip = Gzipped(text);
  RawPeer peer = Connect();
  ExchangePtr exchange =
      OpenUpload(peer, "Content-Encoding: gzip\r\nContent-Length: " + std::to_string(gzip.size()) + "\r\n");
  std::thread sender([&] { peer.Send(gzip); });
  std::string got;
  for (bool last = false; !last;) {
    exchange->ReadBody();
    auto [bytes, ends] = told_->body.Take();
    got += bytes;
    last = ends;
    ASSERT_TRUE(last || !bytes.empty());
  }
  sender.join();
  EXPECT_TRUE(got == text);
  exchange->Answer({});
  EXPECT_EQ(peer.ReadAnswer().status, 200);
}

TEST_F(StreamTest, MalformedChunksAreRefusedAndTold) {
  Start();
  RawPeer peer = Connect();
  ExchangePtr exchange = OpenUpload(peer, "Transfer-Encoding: chunked\r\n");
  peer.Send("zzz\r\n");
  exchange->ReadBody();
  EXPECT_EQ(told_->gone.Take(), 1);
  EXPECT_EQ(peer.ReadAnswer().status, 400);
  EXPECT_TRUE(peer.IsClosed());
}

TEST_F(StreamTest, ABodyThatStandsStillIsTold408) {
  Start();
  RawPeer peer = Connect();
  ExchangePtr exchange = OpenUpload(peer, "Transfer-Encoding: chunked\r\n");
  Settle();
  Advance(3'600'000);
  exchange->ReadBody();
  Settle();
  Advance(options_.limits.stream_idle_time + Deadlines::kCoarseness);
  EXPECT_EQ(told_->gone.Take(), 1);
  EXPECT_EQ(peer.ReadAnswer().status, 408);
}

TEST_F(StreamTest, AnAnswerBeforeTheBodysEndCloses) {
  Start();
  RawPeer peer = Connect();
  ExchangePtr exchange = OpenUpload(peer, "Content-Length: 10000000\r\n");
  peer.Send(std::string(100'000, 'x'));
  exchange->Answer({.status = 403});
  const RawAnswer answer = peer.ReadAnswer();
  EXPECT_EQ(answer.status, 403);
  EXPECT_EQ(answer.Field("Connection"), "close");
}

}  // namespace
}  // namespace tokenbroker::http
