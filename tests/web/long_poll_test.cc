// GET ...:await, which waits.
#include "tests/web/web_fixture.h"

namespace tokenbroker::web {
namespace {

class LongPollTest : public WebFixture {
 protected:
  uint64_t Awaits() { return broker_->GetStatus().awaits; }

  // A caller who waits for the task.
  http::RawPeer Wait(const std::string& id, const std::string& how_long = "60s") {
    const uint64_t before = Awaits();
    http::RawPeer peer(port());
    peer.Send(Request("GET", "/v1/tasks/" + id + ":await?wait=" + how_long));
    EXPECT_TRUE(Eventually([&] { return Awaits() > before; }));
    return peer;
  }
};

TEST_F(LongPollTest, EndsWithTheOutcome) {
  const auto issued = IssueWithKey("order-1");
  http::RawPeer peer = Wait(issued.task_id());
  ASSERT_TRUE(Succeed(ByToken(issued.token()), "[7]").ok());
  const http::RawAnswer answer = peer.ReadAnswer();
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(Json::parse(answer.body)["task"]["outcome"]["output"], "[7]");
  EXPECT_EQ(Awaits(), 0u);
}

TEST_F(LongPollTest, EndsAtItsLimit) {
  const auto issued = IssueWithKey("order-1");
  http::RawPeer peer = Wait(issued.task_id(), "30s");
  clock_.Advance(31'000);
  IssueWithKey("something-that-happens");
  const http::RawAnswer answer = peer.ReadAnswer();
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(Json::parse(answer.body)["task"]["state"], "TASK_STATE_WAITING");
}

TEST_F(LongPollTest, TheTimeIsCalledAsTheCallerWroteIt) {
  const auto issued = IssueWithKey("order-1");
  for (const Answer& answer :
       {Get("/v1/tasks/" + issued.task_id() + ":await?wait=1h"),
        Post("/v1/tasks:await", {{"task", {{"taskId", issued.task_id()}}}, {"wait", "99999s"}})}) {
    EXPECT_EQ(answer.status, 400);
    EXPECT_EQ(answer.Field(), "wait");
    EXPECT_EQ(answer.Message().substr(0, 13), "wait must be ") << answer.Message();
  }
}

TEST_F(LongPollTest, EndsWhenTheBrokerDrains) {
  const auto issued = IssueWithKey("order-1");
  http::RawPeer peer = Wait(issued.task_id());
  Drain();
  const http::RawAnswer answer = peer.ReadAnswer();
  EXPECT_EQ(answer.status, 503);
  EXPECT_NE(answer.body.find("\"DRAINING\""), std::string::npos) << answer.body;
  EXPECT_EQ(answer.Field("Connection"), "close");
}

TEST_F(LongPollTest, ACallerWhoLeavesWaitsNoMore) {
  const auto issued = IssueWithKey("order-1");
  {
    std::vector<http::RawPeer> peers;
    for (int i = 0; i < 20; ++i) peers.push_back(Wait(issued.task_id()));
    EXPECT_EQ(Awaits(), 20u);
  }
  EXPECT_TRUE(Eventually([&] { return Awaits() == 0; }));
}

// Outcomes and leavings at the same time: each wait ends once.
TEST_F(LongPollTest, LeavingWhenTheOutcomeComesIsNoTrouble) {
  for (int i = 0; i < 50; ++i) {
    const auto issued = IssueWithKey("order-" + std::to_string(i));
    auto peer = std::make_unique<http::RawPeer>(Wait(issued.task_id()));
    std::thread leaving([&] { peer.reset(); });
    ASSERT_TRUE(Succeed(ByToken(issued.token()), "1").ok());
    leaving.join();
  }
  EXPECT_TRUE(Eventually([&] { return Awaits() == 0; }));
}

TEST_F(LongPollTest, ShutdownClosesWhoStillWaits) {
  const auto issued = IssueWithKey("order-1");
  http::RawPeer peer = Wait(issued.task_id());
  web_->Shutdown(0);
  EXPECT_EQ(peer.ReadAnswer().status, 0);
}

}  // namespace
}  // namespace tokenbroker::web
