// The forwarder over a real broker in memory, with scripted targets and time that stands still.
#include "server/forward/forwarder.h"

#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <random>
#include <thread>

#include "tests/testing/broker_harness.h"
#include "tests/testing/scripted_target.h"

namespace tokenbroker::forward {
namespace {

using broker::BrokerHarness;
using broker::Issued;
using broker::NewTask;
using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;
using std::chrono_literals::operator""min;
using std::chrono_literals::operator""h;
using Kind = Answer::Kind;

Answer Says(Kind kind, std::string code = "") { return {.kind = kind, .code = std::move(code)}; }

class ForwarderTest : public testing::Test {
 protected:
  ForwarderTest() { Open(); }

  void Open() {
    std::vector<NamedTarget> targets;
    targets.push_back({"t", std::make_unique<ScriptedTarget>(script_)});
    forwarder_ = std::make_unique<Forwarder>(
        Forwarder::Parts{broker_.broker(), broker_.clock(), observer_, [] { return 1.0; }, [this] { return callers_; }},
        options_, std::move(targets));
  }
  void Crash() {
    forwarder_ = nullptr;
    broker_.Crash();
    Open();
  }
  // Until nothing moves.
  void Run() {
    bool moved = true;
    while (moved) {
      broker_.Run();
      moved = forwarder_->RunOnce();
    }
  }
  // The committer runs until the forwarder has stopped, as it does in the broker.
  void Stop() {
    std::atomic<bool> stopped{false};
    std::thread stop([&] {
      forwarder_->Stop(10'000);
      stopped = true;
    });
    while (!stopped) broker_.Run();
    stop.join();
  }
  void Advance(broker::Millis by) {
    broker_.Advance(by);
    Run();
  }
  Issued Succeed(const std::string& output = "1", NewTask task = {.target = "t"}) {
    const Issued issued = broker_.Issue(task);
    broker_.Succeed(issued, output);
    return issued;
  }
  DeliveryState StateOf(const Issued& task) { return broker_.Get(task).delivery->state; }

  BrokerHarness broker_;
  ScheduleOptions options_;
  ScriptedTarget::Script script_;
  std::vector<double> callers_;
  Observer observer_;
  std::unique_ptr<Forwarder> forwarder_;
};

TEST_F(ForwarderTest, AnOutcomeArrivesWithEverythingThatBelongsToIt) {
  script_.rule = [](const Delivery&) { return Says(Kind::kAccepted, "200"); };
  const Issued task = Succeed(R"({"a":1})", {.name_space = "ns",
                                             .correlation_key = "k",
                                             .labels = {{"team", "x"}},
                                             .target = "t",
                                             .upstream_token = "upstream-secret"});
  Run();
  ASSERT_EQ(script_.told.size(), 1u);
  const Delivery& told = script_.told[0];
  EXPECT_EQ(told.id, task.id);
  EXPECT_EQ(told.task_id, task.id);
  EXPECT_EQ(told.namespace_name, "ns");
  EXPECT_EQ(told.correlation_key, "k");
  EXPECT_EQ(told.upstream_token, "upstream-secret");
  EXPECT_EQ(told.labels.size(), 1u);
  EXPECT_EQ(told.kind, Delivery::Kind::kSucceeded);
  EXPECT_EQ(told.output, R"({"a":1})");
  EXPECT_EQ(told.resolved_by, "anonymous");
  EXPECT_EQ(told.try_number, 1);
  EXPECT_FALSE(told.may_have_arrived);
  EXPECT_EQ(StateOf(task), DeliveryState::kDelivered);
  EXPECT_EQ(broker_.Get(task).delivery->code, "200");
  EXPECT_FALSE(forwarder_->RunOnce());
  EXPECT_EQ(forwarder_->NextDue(), INT64_MAX);
}

TEST_F(ForwarderTest, DeadlinesAndFailuresAreTold) {
  script_.rule = [](const Delivery&) { return Says(Kind::kAccepted); };
  broker_.Fail(broker_.Issue({.target = "t"}), "E", "why");
  broker_.Issue({.heartbeat_timeout = 1s, .target = "t"});
  broker_.Issue({.timeout = 2s, .target = "t"});
  Advance(1s);
  Advance(1s);
  ASSERT_EQ(script_.told.size(), 3u);
  EXPECT_EQ(script_.told[0].kind, Delivery::Kind::kFailed);
  EXPECT_EQ(script_.told[0].error, "E");
  EXPECT_EQ(script_.told[0].cause, "why");
  EXPECT_EQ(script_.told[1].kind, Delivery::Kind::kHeartbeatTimeout);
  EXPECT_EQ(script_.told[2].kind, Delivery::Kind::kTimeout);
  EXPECT_EQ(script_.told[2].resolved_by, "");
}

TEST_F(ForwarderTest, TriesUnderWayAreBounded) {
  script_.max_under_way = 2;
  for (int i = 0; i < 5; ++i) Succeed();
  Run();
  EXPECT_EQ(script_.under_way.size(), 2u);
  EXPECT_EQ(forwarder_->NextDue(), broker_.now() + options_.answer_within) << "only answers make room";
  script_.AnswerAll(Says(Kind::kAccepted));
  Run();
  EXPECT_EQ(script_.told.size(), 4u);
  script_.AnswerAll(Says(Kind::kAccepted));
  Run();
  EXPECT_EQ(script_.told.size(), 5u);
}

TEST_F(ForwarderTest, WhatFailsIsTriedAgainAndShownMeanwhile) {
  script_.rule = [](const Delivery& delivery) {
    return Says(delivery.try_number < 3 ? Kind::kRetry : Kind::kAccepted, "HTTP 500");
  };
  const Issued task = Succeed();
  Run();
  const auto look = forwarder_->Look("t", broker_.Get(task).outcome_at);
  ASSERT_TRUE(look.has_value());
  EXPECT_EQ(look->tries, 1);
  EXPECT_EQ(look->next_try, broker_.now() + 1000);
  EXPECT_EQ(look->code, "HTTP 500");
  EXPECT_EQ(forwarder_->NextDue(), broker_.now() + 1000);
  Advance(1s);
  Advance(2s);
  EXPECT_EQ(StateOf(task), DeliveryState::kDelivered);
  EXPECT_EQ(broker_.Get(task).delivery->tries, 3u);
}

TEST_F(ForwarderTest, ALongAnswerIsNotCutThroughACharacter) {
  std::string message = "x";
  while (message.size() < 2 * Answer::kMaxMessage) message += "\xC3\xA9";
  script_.rule = [&](const Delivery&) { return Answer{.kind = Kind::kRejected, .message = message}; };
  const Issued task = Succeed();
  Run();
  EXPECT_EQ(broker_.Get(task).delivery->message, message.substr(0, Answer::kMaxMessage - 1));
}

TEST_F(ForwarderTest, ADeadLetterIsRedrivenAndADroppedOneIsNot) {
  script_.rule = [](const Delivery&) { return Says(Kind::kRejected, "InvalidOutput"); };
  const Issued task = Succeed();
  Run();
  EXPECT_EQ(StateOf(task), DeliveryState::kDeadLettered);
  script_.rule = nullptr;
  broker_.Note(broker_.Get(task).outcome_at, DeliveryState::kPending);
  Run();
  ASSERT_EQ(script_.told.size(), 2u);
  EXPECT_EQ(script_.told[1].id, script_.told[0].id);
  EXPECT_EQ(script_.told[1].try_number, 1);
  broker_.Note(broker_.Get(task).outcome_at, DeliveryState::kDropped);
  script_.AnswerAll(Says(Kind::kRetry));
  Run();
  Advance(1h);
  EXPECT_EQ(script_.told.size(), 2u);
  EXPECT_EQ(StateOf(task), DeliveryState::kDropped);
  EXPECT_EQ(forwarder_->NextDue(), INT64_MAX);
}

TEST_F(ForwarderTest, AfterACrashEverythingOwedIsSentAgainAsPerhapsArrived) {
  const Issued task = Succeed();
  Run();
  ASSERT_EQ(script_.under_way.size(), 1u);
  Crash();
  Run();
  ASSERT_EQ(script_.told.size(), 2u);
  EXPECT_EQ(script_.told[1].id, script_.told[0].id);
  EXPECT_EQ(script_.told[1].output, "1");
  EXPECT_TRUE(script_.told[1].may_have_arrived);
  script_.AnswerAll(Says(Kind::kProbablyOurs, "TaskTimedOut"));
  Run();
  EXPECT_EQ(StateOf(task), DeliveryState::kProbablyDelivered);
}

TEST_F(ForwarderTest, AnOrderlyStopNotesWhatMayHaveArrived) {
  script_.max_under_way = 1;
  Succeed("1");
  Succeed("2");
  Run();
  forwarder_->Stop(0);
  forwarder_ = nullptr;
  broker_.Restart();
  script_.max_under_way = 10;
  Open();
  Run();
  ASSERT_EQ(script_.told.size(), 3u);
  std::map<std::string, bool> may_have_arrived;
  for (size_t i = 1; i < 3; ++i) may_have_arrived[script_.told[i].output] = script_.told[i].may_have_arrived;
  EXPECT_EQ(may_have_arrived, (std::map<std::string, bool>{{"1", true}, {"2", false}}));
}

TEST_F(ForwarderTest, ADownTargetCostsProbesOnlyAndThenDrains) {
  bool down = true;
  script_.rule = [&](const Delivery&) { return Says(down ? Kind::kRetry : Kind::kAccepted, "refused"); };
  for (int i = 0; i < 500; ++i) Succeed();
  Run();
  const size_t burst = script_.told.size();
  EXPECT_LE(burst, 10u);
  for (int i = 0; i < 600; ++i) Advance(1s);
  EXPECT_LE(script_.told.size() - burst, 2 * 70u) << "ten minutes of probes, two each ten seconds at last";
  down = false;
  for (int i = 0; i < 400; ++i) Advance(1s);
  EXPECT_EQ(broker_.broker().TargetStatuses()[0].owed, 0u);
}

// What some outcomes get for their own sake, others do not wait for.
class PoisonTest : public ForwarderTest {
 protected:
  PoisonTest() {
    script_.rule = [](const Delivery& delivery) { return Says(IsPoison(delivery) ? Kind::kRetry : Kind::kAccepted); };
  }
  static bool IsPoison(const Delivery& delivery) { return delivery.output == "\"poison\""; }
  void Poison(int count, const std::string& name_space = "bad") {
    for (int i = 0; i < count; ++i) Succeed("\"poison\"", {.name_space = name_space, .target = "t"});
  }
  Issued Good(const std::string& name_space = "good") {
    return Succeed("1", {.name_space = name_space, .target = "t"});
  }
  bool IsDown() { return forwarder_->Statuses()[0].breaker != Breaker::State::kClosed; }
  // In seconds; -1: not within an hour.
  int DeliveredAfter(const Issued& task) {
    Run();
    for (int seconds = 0; seconds < 3600; ++seconds, Advance(1s)) {
      if (StateOf(task) == DeliveryState::kDelivered) return seconds;
    }
    return -1;
  }
};

TEST_F(PoisonTest, OthersAreDeliveredHoweverManyFail) {
  for (const int count : {1, 5, 60, 1000}) {
    SCOPED_TRACE(count);
    Poison(count);
    // Each 64 that are new and fail without another between them look like a target that is down.
    for (int i = 0; i < 100; ++i) {
      const int waited = DeliveredAfter(Good());
      EXPECT_GE(waited, 0);
      EXPECT_LE(waited, 10);
      Advance(2s);
    }
    for (int i = 0; i < 100; ++i) {
      EXPECT_EQ(DeliveredAfter(Good()), 0) << "what fails again does not make the target one that is down";
      EXPECT_FALSE(IsDown());
      Advance(2s);
    }
  }
}

TEST_F(PoisonTest, WhatFailsInAQuietTimeHoldsTheNextOneUpForSecondsAndOnce) {
  Poison(5);
  for (int i = 0; i < 600; ++i) Advance(1s);
  EXPECT_TRUE(IsDown()) << "nothing is known but failures";
  const int waited = DeliveredAfter(Good());
  EXPECT_GE(waited, 0);
  EXPECT_LE(waited, 10);
  for (int i = 0; i < 600; ++i) Advance(1s);
  EXPECT_FALSE(IsDown());
  EXPECT_EQ(DeliveredAfter(Good()), 0);
}

TEST_F(PoisonTest, RetriesThatNobodyAnswersLeaveRoomForANewOne) {
  script_.rule = nullptr;
  Poison(5);
  Run();
  while (script_.told.size() == 5) Advance(1s);
  ASSERT_TRUE(IsDown());
  const Issued good = Good();
  Run();
  EXPECT_EQ(script_.told.back().output, "1");
  script_.AnswerAll(Says(Kind::kAccepted));
  EXPECT_EQ(DeliveredAfter(good), 0);
}

TEST_F(PoisonTest, ATargetThatComesBackIsFoundByRetriesAlone) {
  script_.rule = [](const Delivery&) { return Says(Kind::kRetry); };
  Poison(5);
  for (int i = 0; i < 60; ++i) Advance(1s);
  ASSERT_TRUE(IsDown());
  script_.rule = [](const Delivery&) { return Says(Kind::kAccepted); };
  for (int i = 0; i < 120; ++i) Advance(1s);
  EXPECT_FALSE(IsDown());
  EXPECT_EQ(broker_.broker().TargetStatuses()[0].owed, 0u);
}

TEST_F(PoisonTest, WhatNeedsAnOperatorHoldsNobodyUp) {
  script_.rule = [](const Delivery& delivery) {
    return Says(IsPoison(delivery) ? Kind::kNeedsOperator : Kind::kAccepted, "AccessDeniedException");
  };
  for (int i = 0; i < 300; ++i) {
    Poison(3);
    EXPECT_EQ(DeliveredAfter(Good()), 0);
    EXPECT_FALSE(IsDown());
    Advance(3s);
  }
}

TEST_F(PoisonTest, ATenthThatIsTakenArrivesInTime) {
  for (const int max_under_way : {1, 10}) {
    SCOPED_TRACE(max_under_way);
    script_.max_under_way = max_under_way;
    const TimeMs began = broker_.now();
    std::vector<Issued> good;
    for (int i = 0; i < 100; ++i) {
      Poison(9, "same");
      good.push_back(Good("same"));
    }
    for (const Issued& task : good) ASSERT_GE(DeliveredAfter(task), 0);
    Run();
    EXPECT_LE(broker_.now() - began, 5 * 60'000);
    EXPECT_FALSE(IsDown());
  }
}

TEST_F(PoisonTest, WhatNobodyHasTriedIsAProbeToo) {
  script_.max_under_way = 1;
  bool down = true;
  script_.rule = [&](const Delivery& delivery) {
    return Says(down || IsPoison(delivery) ? Kind::kRetry : Kind::kAccepted);
  };
  Poison(20);
  for (int i = 0; i < 600; ++i) Advance(1s);
  const Issued good = Good();
  down = false;
  const int waited = DeliveredAfter(good);
  EXPECT_GE(waited, 0);
  EXPECT_LE(waited, 30);
}

TEST_F(ForwarderTest, AFifthOfTheRepliesLostCostsAFewSendsMore) {
  std::mt19937_64 random(7);
  std::map<std::string, std::string> arrived;
  script_.rule = [&](const Delivery& delivery) {
    const bool first = arrived.emplace(delivery.id, delivery.output).second;
    EXPECT_EQ(arrived[delivery.id], delivery.output);
    EXPECT_TRUE(first || delivery.may_have_arrived);
    if (random() % 5 == 0) return Answer{.kind = Kind::kRetry, .code = "reply lost", .may_have_arrived = true};
    return Says(first ? Kind::kAccepted : Kind::kProbablyOurs);
  };
  constexpr size_t kOutcomes = 2000;
  for (size_t i = 0; i < kOutcomes; ++i) Succeed(std::to_string(i));
  for (int i = 0; i < 2000 && broker_.broker().TargetStatuses()[0].owed > 0; ++i) Advance(1s);
  EXPECT_EQ(broker_.broker().TargetStatuses()[0].owed, 0u);
  EXPECT_EQ(broker_.broker().TargetStatuses()[0].dead, 0u);
  EXPECT_EQ(arrived.size(), kOutcomes);
  EXPECT_LE(script_.told.size(), kOutcomes * 13 / 10);
}

TEST_F(ForwarderTest, NamespacesTakeTurns) {
  script_.max_under_way = 4;
  for (int i = 0; i < 20; ++i) Succeed("1", {.name_space = "big", .target = "t"});
  Succeed("1", {.name_space = "small", .target = "t"});
  Run();
  ASSERT_EQ(script_.told.size(), 4u);
  EXPECT_EQ(script_.told[1].namespace_name, "small");
}

TEST_F(ForwarderTest, ATargetThatIsNotConfiguredKeepsItsOutcomes) {
  const Issued task = Succeed("1", {.target = "gone"});
  Run();
  EXPECT_EQ(StateOf(task), DeliveryState::kPending);
  EXPECT_EQ(forwarder_->NextDue(), INT64_MAX);
}

TEST_F(ForwarderTest, ItsThreadDeliversAndStops) {
  script_.rule = [](const Delivery&) { return Says(Kind::kAccepted); };
  const Issued task = Succeed();
  forwarder_->Start();
  while (StateOf(task) == DeliveryState::kPending) broker_.Run();
  EXPECT_EQ(StateOf(task), DeliveryState::kDelivered);
  Stop();
  EXPECT_EQ(script_.told.size(), 1u);
}

TEST_F(ForwarderTest, AnOrderlyStopRecordsEveryAnswerBeforeItEnds) {
  // More than goes into one commit.
  constexpr size_t kOutcomes = 1'500;
  script_.max_under_way = kOutcomes;
  for (size_t i = 0; i < kOutcomes; ++i) Succeed();
  Run();
  ASSERT_EQ(script_.under_way.size(), kOutcomes);
  script_.AnswerAll(Says(Kind::kRejected, "InvalidOutput"));
  forwarder_->Start();
  Stop();
  EXPECT_EQ(broker_.broker().TargetStatuses()[0].owed, 0u);
  EXPECT_EQ(broker_.broker().TargetStatuses()[0].dead, kOutcomes);
}

TEST_F(ForwarderTest, LessOfABacklogIsUnderWayWhileCallersWaitForTheProcessor) {
  script_.max_under_way = 64;
  for (int i = 0; i < 2'300; ++i) Succeed();
  Run();
  EXPECT_EQ(script_.under_way.size(), 64u);
  constexpr double kPressed = 0.4;
  const auto next_under_way = [&](double callers) {
    callers_ = {callers};
    script_.AnswerAll(Says(Kind::kAccepted));
    Advance(5ms);
    return script_.under_way.size();
  };
  EXPECT_EQ(next_under_way(kPressed), 5u);
  EXPECT_EQ(next_under_way(kPressed), 5u);
  EXPECT_EQ(next_under_way(0.1), 6u);
  EXPECT_EQ(next_under_way(0.1), 10u);
  // What is left at last is no backlog any more.
  int steps = 0;
  while (next_under_way(kPressed) < 10) ASSERT_LT(++steps, 100);
}

TEST_F(ForwarderTest, ATrickleBeginsInTimeWhateverIsUnderWay) {
  script_.max_under_way = 64;
  for (int i = 0; i < 2'300; ++i) Succeed();
  callers_ = {0.4};
  Advance(5ms);
  const size_t under_way = script_.under_way.size();
  EXPECT_LT(under_way, 64u);
  EXPECT_EQ(forwarder_->NextDue(), broker_.clock().Now() + 5);
  Advance(5ms);
  EXPECT_EQ(script_.under_way.size(), under_way + 5);
}

}  // namespace
}  // namespace tokenbroker::forward
