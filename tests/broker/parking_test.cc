// Callbacks that come before their task.
#include <gtest/gtest.h>

#include "tests/testing/broker_harness.h"

namespace tokenbroker::broker {
namespace {

class ParkingTest : public testing::Test {
 protected:
  BrokerHarness broker_;
};

TEST_F(ParkingTest, AnEarlyCallbackIsAppliedWhenItsTaskIsIssued) {
  const Settled early = broker_.Succeed(Ref::Key("k"), "1");
  EXPECT_EQ(early.verdict, Verdict::kParked);
  EXPECT_TRUE(early.ok());
  EXPECT_EQ(early.task, 0u);
  const Issued task = broker_.Issue({.correlation_key = "k"});
  EXPECT_EQ(task.state, TaskState::kSucceeded);
  EXPECT_EQ(broker_.Get(task).output, "1");
  EXPECT_EQ(broker_.Succeed(Ref::Key("k"), "1").verdict, Verdict::kReplayed);
  EXPECT_EQ(broker_.broker().GetStatus().parked, 0u);
}

TEST_F(ParkingTest, TheSameCallbackAgainIsParkedAndAnotherConflicts) {
  broker_.Fail(Ref::Key("k"), "E");
  const TimeMs parked_at = broker_.now();
  broker_.Advance(1s);
  const Sequence before = broker_.broker().committed();
  EXPECT_EQ(broker_.Fail(Ref::Key("k"), "E").verdict, Verdict::kParked);
  const Settled other = broker_.Succeed(Ref::Key("k"), "1");
  EXPECT_EQ(other.verdict, Verdict::kConflict);
  EXPECT_EQ(other.recorded.error, "E");
  EXPECT_EQ(other.recorded.time, parked_at);
  EXPECT_EQ(broker_.broker().committed(), before);
}

TEST_F(ParkingTest, AParkedKeyIsNoTaskYet) {
  broker_.Succeed(Ref::Key("k"), "1");
  EXPECT_EQ(broker_.Beat(Ref::Key("k")).reason, Reason::kTaskUnknown);
  EXPECT_EQ(broker_.Cancel(Ref::Key("k")).reason, Reason::kTaskUnknown);
  EXPECT_EQ(broker_.Extend(Ref::Key("k"), 1h).reason, Reason::kTaskUnknown);
  EXPECT_EQ(broker_.Get(Ref::Key("k")).reason, Reason::kTaskUnknown);
}

TEST_F(ParkingTest, WhoDoesNotWantToParkIsToldUnknown) {
  EXPECT_EQ(broker_.SucceedIfKnown(Ref::Key("k"), "1").verdict, Verdict::kUnknown);
  EXPECT_EQ(broker_.Issue({.correlation_key = "k"}).state, TaskState::kWaiting);
}

TEST_F(ParkingTest, OnlyKeysPark) {
  EXPECT_EQ(broker_.Succeed(Ref::Token("upstream"), "1").verdict, Verdict::kUnknown);
  EXPECT_EQ(broker_.Succeed(Ref::Id("000000000000000099"), "1").verdict, Verdict::kUnknown);
  EXPECT_EQ(broker_.broker().GetStatus().parked, 0u);
}

TEST_F(ParkingTest, AParkedCallbackIsForgottenAfterItsTime) {
  broker_.Park(Ref::Key("short"), "1", 10s);
  broker_.Succeed(Ref::Key("default"), "1");
  broker_.Advance(10s);
  EXPECT_EQ(broker_.Issue({.correlation_key = "short"}).state, TaskState::kWaiting);
  broker_.Advance(Millis(kDefaultParkTime) - 10s - 1ms);
  EXPECT_EQ(broker_.broker().GetStatus().parked, 1u);
  broker_.Advance(1ms);
  EXPECT_EQ(broker_.broker().GetStatus().parked, 0u);
  EXPECT_EQ(broker_.Succeed(Ref::Key("default"), "2").verdict, Verdict::kParked) << "it may be parked anew";
}

// Its sender was told PARKED, and hears no more.
TEST_F(ParkingTest, WhatWasParkedInVainIsToldOf) {
  struct Listener : Observer {
    void ParkedOutcomeRefused(std::string_view name_space) override { refused.emplace_back(name_space); }
    void ParkedOutcomeLapsed(std::string_view name_space) override { lapsed.emplace_back(name_space); }
    std::vector<std::string> refused;
    std::vector<std::string> lapsed;
  } listener;
  broker_.observer = &listener;
  broker_.Open();
  for (const char* key : {"used", "broken", "lapsed"}) broker_.Succeed(Ref::Key(key), "\"text\"");
  broker_.Issue({.correlation_key = "used"});
  broker_.Issue({.correlation_key = "broken", .output_schema = R"({"type":"number"})"});
  EXPECT_EQ(listener.refused, std::vector<std::string>{"orders"});
  EXPECT_TRUE(listener.lapsed.empty());
  broker_.Advance(Millis(kDefaultParkTime));
  EXPECT_EQ(listener.lapsed, std::vector<std::string>{"orders"});
}

TEST_F(ParkingTest, AParkedCallbackSurvivesCrashesAndCheckpoints) {
  broker_.Succeed(Ref::Key("k"), "1");
  broker_.Crash();
  EXPECT_EQ(broker_.broker().GetStatus().parked, 1u);
  broker_.Restart();
  broker_.Crash();
  EXPECT_EQ(broker_.Succeed(Ref::Key("k"), "2").verdict, Verdict::kConflict);
  EXPECT_EQ(broker_.Issue({.correlation_key = "k"}).state, TaskState::kSucceeded);
  broker_.Restart();
  EXPECT_EQ(broker_.Get(Ref::Key("k")).output, "1");
}

TEST_F(ParkingTest, AParkedCallbackThatLapsesDuringDowntimeIsNotApplied) {
  broker_.Park(Ref::Key("k"), "1", 10s);
  broker_.CrashFor(10s);
  EXPECT_EQ(broker_.Issue({.correlation_key = "k"}).state, TaskState::kWaiting);
}

// Of what is overdue a limited number is forgotten in each round: what comes before its turn is treated no differently.
class OverdueParkingTest : public testing::Test {
 protected:
  OverdueParkingTest() {
    broker_.Park(Ref::Key("before"), "1", 5s);
    broker_.Park(Ref::Key("k"), "1", 10s);
    broker_.AdvanceUnnoticed(1h);
  }

  BrokerHarness broker_{{.limits = {.expiries_per_commit = 1}}};
};

TEST_F(OverdueParkingTest, TheSameIsParkedAnew) {
  EXPECT_EQ(broker_.Succeed(Ref::Key("k"), "1").verdict, Verdict::kParked);
  broker_.Run();
  EXPECT_EQ(broker_.Issue({.correlation_key = "k"}).state, TaskState::kSucceeded);
}

TEST_F(OverdueParkingTest, ItDoesNotConflict) {
  EXPECT_EQ(broker_.Succeed(Ref::Key("k"), "2").verdict, Verdict::kParked);
}

TEST_F(OverdueParkingTest, ItIsNotApplied) {
  EXPECT_EQ(broker_.Issue({.correlation_key = "k"}).state, TaskState::kWaiting);
  EXPECT_EQ(broker_.Succeed(Ref::Key("k"), "2").verdict, Verdict::kAccepted);
}

TEST_F(ParkingTest, AParkedCallbackThatBreaksTheContractIsDropped) {
  broker_.Succeed(Ref::Key("k"), "\"text\"");
  const Issued task = broker_.Issue({.correlation_key = "k", .output_schema = R"({"type":"number"})"});
  EXPECT_EQ(task.state, TaskState::kWaiting);
  EXPECT_EQ(broker_.Succeed(Ref::Key("k"), "7").verdict, Verdict::kAccepted);
}

TEST_F(ParkingTest, AParkedCallbackThatMeetsTheContractIsApplied) {
  broker_.Succeed(Ref::Key("number"), "7");
  broker_.Fail(Ref::Key("error"), "E1");
  const std::string schema = R"({"type":"number"})";
  EXPECT_EQ(broker_.Issue({.correlation_key = "number", .output_schema = schema}).state, TaskState::kSucceeded);
  EXPECT_EQ(broker_.Issue({.correlation_key = "error", .allowed_errors = {"E1"}}).state, TaskState::kFailed);
}

// Nobody had a chance to look at the callback before the group that also issues the task was decided.
TEST_F(ParkingTest, ACallbackParkedTogetherWithTheIssueOfItsTaskIsHeldAgainstTheContractFirst) {
  Call<ResolveOperation> park;
  park.op.principal = &Anybody();
  park.op.address = broker_.broker().AddressOfKey("orders", "k");
  park.op.output = "7";
  Call<IssueOperation> issue;
  issue.op.principal = &Anybody();
  issue.op.request = {
      .name_space = "orders", .correlation_key = "k", .timeout = 1000, .output_schema = R"({"type":"number"})"};
  broker_.broker().Prepare(issue.op);
  broker_.broker().Submit(park.op);
  broker_.broker().Submit(issue.op);
  broker_.Run();
  EXPECT_EQ(park.op.verdict, Verdict::kParked);
  EXPECT_EQ(issue.op.state, TaskState::kSucceeded);
}

TEST_F(ParkingTest, ACallbackByKeyGoesToTheTaskThatEndedLastAndIsNotParked) {
  broker_.Succeed(broker_.Issue({.correlation_key = "k"}), "1");
  EXPECT_EQ(broker_.Succeed(Ref::Key("k"), "2").verdict, Verdict::kConflict);
  EXPECT_EQ(broker_.broker().GetStatus().parked, 0u);
}

}  // namespace
}  // namespace tokenbroker::broker
