// What is told of tasks whose engine is to hear that their workers live.
#include "server/broker/beat_feed.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/testing/broker_harness.h"

namespace tokenbroker::broker {
namespace {

using Kind = BeatNews::Kind;

class BeatFeedTest : public testing::Test {
 protected:
  BeatFeedTest() { Follow(); }

  void Follow() {
    broker_.broker().FollowBeats({"other", "states"}, [this] { ++wakes_; });
  }
  Issued Issue(const std::string& upstream = "secret", const std::string& target = "states") {
    return broker_.Issue(
        {.correlation_key = upstream, .heartbeat_timeout = 60s, .target = target, .upstream_token = upstream});
  }
  // "began 60000", "beaten", "ended": of the task.
  std::string NewsOf(const Issued& task) {
    std::string text;
    for (const BeatNews& news : broker_.broker().TakeBeatNews()) {
      if (news.task != task.task) continue;
      EXPECT_EQ(news.target, 1u);
      if (!text.empty()) text += ", ";
      if (news.kind == Kind::kBegan) text += "began " + std::to_string(news.interval);
      if (news.kind == Kind::kBeaten) text += "beaten";
      if (news.kind == Kind::kEnded) text += "ended";
    }
    return text;
  }
  void AwaitBeat(const Issued& task) {
    const Sequence one = task.task;
    broker_.broker().AwaitBeats({&one, 1});
  }

  BrokerHarness broker_;
  int wakes_ = 0;
};

TEST_F(BeatFeedTest, ATaskBeginsIsBeatenOnceAndEnds) {
  const Issued task = Issue();
  for (int i = 0; i < 100; ++i) broker_.Beat(task);
  broker_.Succeed(task, "1");
  EXPECT_EQ(wakes_, 1) << "only the first news wakes";
  EXPECT_EQ(NewsOf(task), "began 60000, beaten, ended");
  EXPECT_EQ(NewsOf(task), "");
}

TEST_F(BeatFeedTest, AHeartbeatIsNewsAgainWhenItIsAwaited) {
  const Issued task = Issue();
  broker_.Beat(task);
  EXPECT_EQ(NewsOf(task), "began 60000, beaten");
  broker_.Beat(task);
  EXPECT_EQ(NewsOf(task), "");
  AwaitBeat(task);
  broker_.Beat(task);
  EXPECT_EQ(NewsOf(task), "beaten");
  EXPECT_EQ(wakes_, 2);
}

TEST_F(BeatFeedTest, HoweverATaskEndsItIsTold) {
  const Issued cancelled = Issue("secret-1");
  broker_.Cancel(Ref::Id(cancelled.id));
  EXPECT_EQ(NewsOf(cancelled), "began 60000, ended");
  const Issued superseded = Issue("secret-2");
  broker_.Issue({.correlation_key = "secret-2", .attempt = 2, .target = "states"});
  EXPECT_EQ(NewsOf(superseded), "began 60000, ended");
  const Issued expired = Issue("secret-3");
  broker_.Advance(60s);
  EXPECT_EQ(NewsOf(expired), "began 60000, ended");
}

TEST_F(BeatFeedTest, OthersAreNoNews) {
  for (const Issued& task : {broker_.Issue({.heartbeat_timeout = 60s, .target = "states"}), Issue("secret-1", ""),
                             Issue("secret-2", "webhook")}) {
    broker_.Beat(task);
    AwaitBeat(task);
    broker_.Beat(task);
    broker_.Succeed(task, "1");
    EXPECT_EQ(NewsOf(task), "");
  }
  EXPECT_EQ(wakes_, 0);
}

TEST_F(BeatFeedTest, WhatWaitsBeginsAnewAfterAStart) {
  const Issued kept = Issue("secret-1");
  const Issued ended = Issue("secret-2");
  broker_.Beat(kept);
  broker_.Succeed(ended, "1");
  for (const bool orderly : {true, false}) {
    orderly ? broker_.Restart() : broker_.Crash();
    broker_.Beat(kept);
    EXPECT_EQ(broker_.broker().TakeBeatNews().size(), 0u) << "nobody has asked yet";
    Follow();
    EXPECT_EQ(broker_.broker().TakeBeatNews().size(), 1u);
    broker_.Beat(kept);
    EXPECT_EQ(NewsOf(kept), "beaten");
  }
}

}  // namespace
}  // namespace tokenbroker::broker
