// GET ...:watch: server-sent events.
#include "tests/web/web_fixture.h"

namespace tokenbroker::web {
namespace {

class WatchEventsTest : public WebFixture {
 protected:
  std::string Cursor() { return Get("/v1/namespaces/demo/tasks").body["watchCursor"]; }

  std::unique_ptr<StreamPeer> Watch(const std::string& query, const Headers& headers = {}) {
    auto peer = std::make_unique<StreamPeer>(port());
    peer->Send(Request("GET", "/v1/namespaces/demo/tasks:watch" + query, headers));
    head_ = peer->ReadHead();
    return peer;
  }
  Event Next(StreamPeer& peer) { return ParseEvent(peer.ReadUntil("\n\n")); }

  http::RawAnswer head_;
};

class BoundedWatchEventsTest : public WatchEventsTest {
 protected:
  void Prepare(calls::Door& door) override { door.max_watches = 2; }
};

TEST_F(WatchEventsTest, ChangesComeAsEvents) {
  const auto watch = Watch("?cursor=" + Cursor());
  EXPECT_EQ(head_.status, 200);
  EXPECT_EQ(head_.Field("Content-Type"), "text/event-stream");
  EXPECT_EQ(head_.Field("Cache-Control"), "no-store");
  const auto issued = IssueWithKey("order-1");
  ASSERT_TRUE(Succeed(ByToken(issued.token()), "1").ok());
  const Event first = Next(*watch);
  EXPECT_EQ(first.name, "issued");
  EXPECT_EQ(first.id, first.data["cursor"]);
  EXPECT_EQ(first.data["task"]["correlationKey"], "order-1");
  const Event second = Next(*watch);
  EXPECT_EQ(second.name, "resolved");
  EXPECT_EQ(second.data["task"]["state"], "TASK_STATE_SUCCEEDED");
}

// Each time another connection, as browsers do it: the last id they saw goes before the cursor that they began with.
TEST_F(WatchEventsTest, LastEventIdResumesWithoutLossOrRepetition) {
  const std::string begin = Cursor();
  for (int i = 0; i < 100; ++i) IssueWithKey("k" + std::to_string(i));
  std::string last;
  for (int i = 0; i < 100; i += 7) {
    const auto watch = Watch("?cursor=" + begin, {{"Last-Event-ID", last}});
    for (int j = i; j < std::min(i + 7, 100); ++j) {
      const Event event = Next(*watch);
      ASSERT_EQ(event.data["task"]["correlationKey"], "k" + std::to_string(j));
      last = event.id;
    }
  }
}

TEST_F(WatchEventsTest, ARefusalBeforeTheStreamIsAnError) {
  const Answer nonsense = Get("/v1/namespaces/demo/tasks:watch?cursor=nonsense");
  EXPECT_EQ(nonsense.status, 400);
  EXPECT_EQ(nonsense.raw.Field("Content-Type"), "application/json");
  EXPECT_EQ(nonsense.Reason(), "INVALID_FIELD");
  EXPECT_EQ(Get("/v1/namespaces/demo/tasks:watch", {{"Last-Event-ID", "nonsense"}}).Reason(), "INVALID_FIELD");
  EXPECT_EQ(Get("/v1/namespaces/demo/tasks:watch", {{"Last-Event-ID", "c00000000ffffffff"}}).Reason(),
            "CURSOR_EXPIRED");
  EXPECT_EQ(Get("/v1/namespaces/demo/tasks:watch?nonsense=1").status, 400);
  EXPECT_EQ(Get("/v1/namespaces/NOT%20ONE/tasks:watch").Reason(), "INVALID_FIELD");
}

TEST_F(WatchEventsTest, TheFilterMayStandInABody) {
  StreamPeer peer(port());
  peer.Send(Request("POST", "/v1/namespaces/demo/tasks:watch", {}, R"({"filter": {"labels": {"team": "loans"}}})"));
  EXPECT_EQ(peer.ReadHead().status, 200);
  IssueWithKey("without");
  ASSERT_EQ(Post("/v1/namespaces/demo/tasks", {{"correlationKey", "with"}, {"labels", {{"team", "loans"}}}}).status,
            200);
  EXPECT_EQ(Next(peer).data["task"]["correlationKey"], "with");
  EXPECT_EQ(PostText("/v1/namespaces/demo/tasks:watch", "{}", {{"Content-Type", "text/plain"}}).Field(),
            "Content-Type");
}

TEST_F(WatchEventsTest, DrainingEndsWithAnErrorEvent) {
  const auto watch = Watch("");
  Drain();
  const Event event = Next(*watch);
  EXPECT_EQ(event.name, "error");
  EXPECT_EQ(event.data["error"]["code"], 503);
  EXPECT_EQ(event.data["error"]["status"], "UNAVAILABLE");
  EXPECT_TRUE(watch->AtEnd());
}

TEST_F(BoundedWatchEventsTest, WhoLeavesMakesRoom) {
  auto first = Watch("");
  auto second = Watch("");
  ASSERT_EQ(head_.status, 200);
  const Answer third = Get("/v1/namespaces/demo/tasks:watch");
  EXPECT_EQ(third.status, 429);
  EXPECT_EQ(third.Reason(), "OVERLOADED");
  EXPECT_NE(third.raw.Field("Retry-After"), "");
  first.reset();
  // The broker hears of it a little later.
  EXPECT_TRUE(Eventually([&] {
    first = Watch("");
    return head_.status == 200;
  }));
  EXPECT_EQ(Get("/v1/namespaces/demo/tasks:watch").status, 429) << "one place became free, not two";
}

// A peer that reads nothing is not written to for ever: a page at most is in memory, and what its connection holds.
TEST_F(WatchEventsTest, AWatcherWhoDoesNotReadHoldsNobodyUp) {
  http::RawPeer peer(port(), 4096);
  const std::string input = "\"" + std::string(100'000, 'x') + "\"";
  peer.Send(Request("GET", "/v1/namespaces/demo/tasks:watch?view=TASK_VIEW_FULL&cursor=" + Cursor()));
  for (int i = 0; i < 100; ++i) ASSERT_EQ(Post("/v1/namespaces/demo/tasks", {{"input", input}}).status, 200);
  EXPECT_EQ(Get("/v1/status").status, 200);
}

TEST_F(WatchEventsTest, ManyComeAndGoWhileThingsHappen) {
  std::atomic<bool> done{false};
  std::thread busy([&] {
    for (int i = 0; !done; ++i) IssueWithKey("busy-" + std::to_string(i));
  });
  for (int i = 0; i < 100; ++i) {
    const auto watch = Watch("");
    ASSERT_EQ(head_.status, 200);
    if (i % 2 == 0) {
      EXPECT_EQ(Next(*watch).name, "issued");
    }
  }
  done = true;
  busy.join();
}

}  // namespace
}  // namespace tokenbroker::web
