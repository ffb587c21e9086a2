// What is owed to targets: from the outcome's own record, through restarts and retention, until it is settled.
#include <gtest/gtest.h>

#include "tests/testing/broker_harness.h"

namespace tokenbroker::broker {
namespace {

using Sequences = std::vector<Sequence>;

class OutboxTest : public testing::Test {
 protected:
  // The place of the outcome.
  Sequence Succeed(const NewTask& task = {.target = "states"}) {
    const Issued issued = broker_.Issue(task);
    EXPECT_EQ(broker_.Succeed(issued, "1").verdict, Verdict::kAccepted);
    return broker_.Get(issued).outcome_at;
  }
  DeliveryState StateOf(Sequence outcome) {
    const auto record = broker_.broker().LoadOutcomeAt(outcome);
    return record.ok() && (*record)->delivery ? (*record)->delivery->state : DeliveryState{0};
  }

  BrokerHarness broker_;
};

TEST_F(OutboxTest, AnOutcomeIsOwedToItsTarget) {
  const Sequence before = broker_.broker().committed();
  const Sequence outcome = Succeed();
  EXPECT_EQ(broker_.broker().committed(), before + 2) << "the outcome's record is the outbox's";
  EXPECT_EQ(StateOf(outcome), DeliveryState::kPending);
  EXPECT_EQ(broker_.TakeOwed("states"), Sequences{outcome});
  EXPECT_TRUE(broker_.TakeOwed("states").empty()) << "it is being tried";
  EXPECT_TRUE(broker_.Note(outcome, DeliveryState::kDelivered, "200", 3).ok());
  const auto record = broker_.broker().LoadOutcomeAt(outcome);
  ASSERT_TRUE(record.ok());
  EXPECT_EQ((*record)->delivery->state, DeliveryState::kDelivered);
  EXPECT_EQ((*record)->delivery->code, "200");
  EXPECT_EQ((*record)->delivery->tries, 3u);
  EXPECT_EQ((*record)->delivery->time, broker_.now());
  EXPECT_EQ(broker_.Note(outcome, DeliveryState::kDelivered).reason, Reason::kDeliverySettled);
}

// Its number leads to the record of its delivery as that of a task to its outcome's.
TEST_F(OutboxTest, AnOutcomeIsNoTask) {
  const Sequence outcome = Succeed();
  broker_.Note(outcome, DeliveryState::kDelivered);
  const Ref id = Ref::Id(FormatTaskId(0, outcome));
  EXPECT_EQ(broker_.Get(id).reason, Reason::kTaskUnknown);
  EXPECT_EQ(broker_.Succeed(id, "1").verdict, Verdict::kUnknown);
  EXPECT_EQ(broker_.Beat(id).reason, Reason::kTaskUnknown);
  EXPECT_EQ(broker_.Cancel(id).reason, Reason::kTaskUnknown);
}

TEST_F(OutboxTest, NothingIsOwedWithoutATarget) {
  const Issued task = broker_.Issue();
  broker_.Succeed(task, "1");
  EXPECT_FALSE(broker_.Get(task).delivery.has_value());
  EXPECT_TRUE(broker_.broker().TargetStatuses().empty());
}

TEST_F(OutboxTest, FailuresAndExpiriesAreOwedAndWhatTheEngineEndedIsNot) {
  const Issued failed = broker_.Issue({.target = "t"});
  broker_.Fail(failed, "E");
  const Issued cancelled = broker_.Issue({.target = "t"});
  broker_.Cancel(cancelled);
  const Issued superseded = broker_.Issue({.correlation_key = "k", .attempt = 1, .target = "t"});
  const Issued newer = broker_.Issue({.correlation_key = "k", .attempt = 2, .timeout = 1h, .target = "t"});
  const Issued silent = broker_.Issue({.heartbeat_timeout = 1s, .target = "t"});
  const Issued graced = broker_.Issue({.target = "t"});
  broker_.Cancel(graced, "why", 10s);
  broker_.Advance(10s);
  broker_.Advance(1h);
  const Sequences owed = {broker_.Get(failed).outcome_at, broker_.Get(silent).outcome_at,
                          broker_.Get(newer).outcome_at};
  EXPECT_EQ(broker_.Deliveries(), owed);
  EXPECT_FALSE(broker_.Get(cancelled).delivery.has_value());
  EXPECT_FALSE(broker_.Get(superseded).delivery.has_value());
  EXPECT_FALSE(broker_.Get(graced).delivery.has_value());
}

TEST_F(OutboxTest, AParkedOutcomeIsOwedOnceItsTaskIsThere) {
  broker_.Succeed(Ref::Key("k"), "1");
  EXPECT_TRUE(broker_.Deliveries().empty());
  const Issued task = broker_.Issue({.correlation_key = "k", .target = "t"});
  EXPECT_EQ(broker_.TakeOwed("t"), Sequences{broker_.Get(task).outcome_at});
}

TEST_F(OutboxTest, NamespacesTakeTurnsAndOfEachTheOldestComesFirst) {
  Sequences a, b;
  for (int i = 0; i < 3; ++i) a.push_back(Succeed({.name_space = "a", .target = "t"}));
  for (int i = 0; i < 2; ++i) b.push_back(Succeed({.name_space = "b", .target = "t"}));
  EXPECT_EQ(broker_.TakeOwed("t", 3), (Sequences{a[0], b[0], a[1]}));
  EXPECT_EQ(broker_.TakeOwed("t"), (Sequences{b[1], a[2]}));
  EXPECT_TRUE(broker_.TakeOwed("u").empty());
}

TEST_F(OutboxTest, ADeadLetterWaitsForAPerson) {
  const Sequence outcome = Succeed();
  broker_.TakeOwed("states");
  EXPECT_TRUE(broker_.Note(outcome, DeliveryState::kDeadLettered, "InvalidOutput").ok());
  EXPECT_TRUE(broker_.TakeOwed("states").empty());
  EXPECT_EQ(broker_.broker().TargetStatuses()[0].dead, 1u);
  EXPECT_EQ(broker_.Deliveries({.states = {DeliveryState::kDeadLettered}}), Sequences{outcome});
  EXPECT_TRUE(broker_.Note(outcome, DeliveryState::kPending).ok());
  EXPECT_TRUE(broker_.Note(outcome, DeliveryState::kPending).ok()) << "owed already";
  EXPECT_EQ(StateOf(outcome), DeliveryState::kPending);
  EXPECT_EQ(broker_.TakeOwed("states"), Sequences{outcome});
  EXPECT_TRUE(broker_.Note(outcome, DeliveryState::kDropped).ok());
  EXPECT_EQ(StateOf(outcome), DeliveryState::kDropped);
  EXPECT_EQ(broker_.Note(outcome, DeliveryState::kPending).reason, Reason::kDeliverySettled);
  EXPECT_TRUE(broker_.TakeOwed("states").empty());
}

// Whoever picks dead letters by a filter does it a moment before they are changed.
TEST_F(OutboxTest, WhatIsNoDeadLetterAnyMoreIsLeftAlone) {
  const Sequence outcome = Succeed();
  broker_.Note(outcome, DeliveryState::kDeadLettered);
  Call<DeliveryOperation> redrive, again, drop, drop_owed;
  redrive.op.state = again.op.state = DeliveryState::kPending;
  drop.op.state = drop_owed.op.state = DeliveryState::kDropped;
  redrive.op.if_dead = again.op.if_dead = drop.op.if_dead = true;
  drop_owed.op.if_dead = false;
  for (Call<DeliveryOperation>* call : {&redrive, &again, &drop, &drop_owed}) {
    call->op.principal = &Anybody();
    call->op.outcome = outcome;
    broker_.broker().Submit(call->op);
  }
  broker_.Run();
  EXPECT_TRUE(redrive.op.changed);
  EXPECT_FALSE(again.op.changed) << "it is owed already";
  EXPECT_FALSE(drop.op.changed) << "it is no dead letter any more";
  EXPECT_TRUE(drop_owed.op.changed);
  for (Call<DeliveryOperation>* call : {&redrive, &again, &drop, &drop_owed}) EXPECT_FALSE(call->op.refusal);
  EXPECT_EQ(StateOf(outcome), DeliveryState::kDropped);
}

TEST_F(OutboxTest, OnlyWhoAdministersTheNamespaceRedrivesAndDrops) {
  const Sequence outcome = Succeed();
  const Principal reader{"key:reader", 0, {{"orders", kRead | kIssue | kResolve}}};
  const Principal admin{"key:admin", 0, {{"orders", kAdminister}}};
  broker_.caller = &reader;
  EXPECT_EQ(broker_.Note(outcome, DeliveryState::kDropped).reason, Reason::kPermissionDenied);
  broker_.caller = &admin;
  EXPECT_TRUE(broker_.Note(outcome, DeliveryState::kDropped).ok());
  const auto record = broker_.broker().LoadOutcomeAt(outcome);
  EXPECT_EQ((*record)->delivery->by, "key:admin");
}

TEST_F(OutboxTest, WhatIsOwedSurvivesEveryKindOfStart) {
  const Sequence first = Succeed();
  const Sequence dead = Succeed();
  broker_.TakeCheckpoint();
  const Sequence second = Succeed({.name_space = "b", .target = "other"});
  const Sequence delivered = Succeed();
  broker_.Note(dead, DeliveryState::kDeadLettered);
  broker_.Note(delivered, DeliveryState::kDelivered);
  for (int i = 0; i < 2; ++i) {
    i == 0 ? broker_.Crash() : broker_.Restart();
    EXPECT_EQ(broker_.Deliveries(), (Sequences{first, dead, second})) << i;
    EXPECT_EQ(broker_.TakeOwed("states"), Sequences{first});
    EXPECT_EQ(broker_.TakeOwed("other"), Sequences{second});
    EXPECT_EQ(StateOf(dead), DeliveryState::kDeadLettered);
    EXPECT_EQ(StateOf(delivered), DeliveryState::kDelivered);
    EXPECT_EQ(broker_.broker().TargetStatuses()[0].owed, 1u);
    EXPECT_EQ(broker_.broker().TargetStatuses()[0].dead, 1u);
  }
}

TEST_F(OutboxTest, ACheckpointInTheMiddleForgetsNothing) {
  const Issued issued = broker_.Issue({.target = "t"});
  const Sequence dead = Succeed({.target = "t"});
  broker_.Note(dead, DeliveryState::kDeadLettered);
  broker_.TakeCheckpoint();
  broker_.Succeed(issued, "1");  // issued before the checkpoint, ended behind it
  broker_.Note(dead, DeliveryState::kPending);
  broker_.Note(dead, DeliveryState::kDelivered);
  broker_.Crash();
  EXPECT_EQ(broker_.Deliveries(), Sequences{broker_.Get(issued).outcome_at});
  EXPECT_EQ(StateOf(dead), DeliveryState::kDelivered);
}

TEST_F(OutboxTest, AfterACrashEverythingOwedMayHaveArrivedAndAfterAnOrderlyStopWhatWasNoted) {
  const Sequence sent = Succeed();
  const Sequence untouched = Succeed();
  const auto may_have_arrived = [&](Sequence outcome) {
    return (*broker_.broker().LoadOutcomeAt(outcome))->delivery->may_have_arrived;
  };
  broker_.broker().NoteMayHaveArrived({sent});
  broker_.Restart();
  EXPECT_TRUE(may_have_arrived(sent));
  EXPECT_FALSE(may_have_arrived(untouched));
  broker_.Crash();  // nothing was recorded since, and it may have been sent nevertheless
  EXPECT_TRUE(may_have_arrived(untouched));
  const Sequence fresh = Succeed();
  EXPECT_FALSE(may_have_arrived(fresh));
  broker_.Restart();
  EXPECT_TRUE(may_have_arrived(untouched)) << "what a crash left open stays so";
  EXPECT_FALSE(may_have_arrived(fresh));
}

TEST_F(OutboxTest, AnOrderlyStopDoesNotTrustACheckpointThatBeganBefore) {
  BrokerHarness broker({.checkpoint = {.interval = 1000}});
  const Issued task = broker.Issue({.target = "t"});
  broker.Succeed(task, "1");
  broker.clock().Advance(1000);
  broker.broker().RunOnce();  // a checkpoint has begun, and nothing of it is packed
  broker.broker().NoteMayHaveArrived({broker.Get(task).outcome_at});
  broker.broker().StopCommitter();
  EXPECT_TRUE(broker.broker().TakeLastCheckpoint().ok());
  broker.Open();
  EXPECT_TRUE(broker.Get(task).delivery->may_have_arrived);
}

TEST_F(OutboxTest, WhoWaitsForADeliveryIsToldOfItsEnd) {
  const Sequence outcome = Succeed();
  auto early = broker_.BeginAwaitDelivery(outcome);
  auto impatient = broker_.BeginAwaitDelivery(outcome, 1s);
  EXPECT_FALSE(early->answered);
  broker_.Advance(1s);
  EXPECT_TRUE(impatient->answered);
  broker_.Note(outcome, DeliveryState::kDelivered);
  EXPECT_TRUE(early->answered);
  EXPECT_TRUE(broker_.BeginAwaitDelivery(outcome)->answered);
}

TEST_F(OutboxTest, DeliveriesAreListedByStateTargetAndNamespace) {
  const Sequence one = Succeed({.name_space = "a", .target = "t"});
  const Sequence two = Succeed({.name_space = "b", .target = "t"});
  const Sequence three = Succeed({.name_space = "a", .target = "u"});
  broker_.Note(two, DeliveryState::kDelivered);
  EXPECT_EQ(broker_.Deliveries({}, 1), (Sequences{one, three}));
  EXPECT_EQ(broker_.Deliveries({.target = "t"}), Sequences{one});
  EXPECT_EQ(broker_.Deliveries({.name_space = "a"}), (Sequences{one, three}));
  const std::vector<DeliveryState> all = {DeliveryState::kPending, DeliveryState::kDelivered};
  EXPECT_EQ(broker_.Deliveries({.states = all}, 1), (Sequences{one, two, three}));
  EXPECT_EQ(broker_.Deliveries({.states = {DeliveryState::kDelivered}, .name_space = "b"}), Sequences{two});
}

TEST_F(OutboxTest, MemoryIsBoundedByWhatIsOwed) {
  LaneTable lanes;
  Outbox outbox(lanes);
  const uint32_t lane = lanes.Intern(0, "t");
  for (Sequence at = 1; at <= 1000; ++at) outbox.Owe(at, at, lane, broker_.now());
  for (Sequence at = 1; at <= 1000; ++at) EXPECT_EQ(outbox.Take(1, 1000), at);
  for (Sequence at = 1; at <= 1000; ++at) EXPECT_TRUE(outbox.Settle(at));
  EXPECT_EQ(outbox.size(), 0u);
  EXPECT_EQ(outbox.CountsOf(1).owed, 0u);
  EXPECT_EQ(outbox.Take(1, 2000), 0u);
}

// --- Retention ---

class OutboxRetentionTest : public testing::Test {
 protected:
  static constexpr Millis kResolved = 10min;
  static constexpr Millis kInterval = 10s;

  void Live(Millis time) {
    for (Millis passed = 0ms; passed < time; passed += kInterval) {
      broker_.Succeed(broker_.Issue({.name_space = "noise"}), "1");
      broker_.Advance(kInterval);
    }
  }

  BrokerHarness broker_{{.retention = {.resolved = kResolved.count(), .hold_after = 60'000},
                         .checkpoint = {.interval = kInterval.count()}}};
};

TEST_F(OutboxRetentionTest, WhatIsOwedIsKeptUntilItIsDelivered) {
  const Issued quick = broker_.Issue({.input = "7", .target = "t"});
  broker_.Succeed(quick, "1");  // never held
  const Issued slow = broker_.Issue({.timeout = 24h, .target = "t", .upstream_token = "secret"});
  Live(2min);
  broker_.Succeed(slow, "2");  // held before it ended
  Live(5 * kResolved);
  for (const bool crash : {false, true}) {
    if (crash) broker_.Crash();
    for (Sequence outcome : broker_.TakeOwed("t")) {
      const auto record = broker_.broker().LoadOutcomeAt(outcome);
      ASSERT_TRUE(record.ok()) << record.status();
      EXPECT_EQ((*record)->issued.target, "t");
      EXPECT_TRUE(broker_.broker().UpstreamTokenOf(**record).ok());
    }
  }
  for (Sequence outcome : broker_.Deliveries()) broker_.Note(outcome, DeliveryState::kDelivered);
  EXPECT_EQ(broker_.Get(quick).delivery->state, DeliveryState::kDelivered);
  Live(2 * kResolved);
  EXPECT_FALSE(broker_.store().Read(0, quick.task).ok());
  EXPECT_FALSE(broker_.store().Read(0, slow.task).ok());
}

TEST_F(OutboxRetentionTest, ADeadLetterIsKeptForTheTimeOfEndedTasksFromWhenItWasGivenUp) {
  const Issued task = broker_.Issue({.target = "t"});
  broker_.Succeed(task, "1");
  const Sequence outcome = broker_.Get(task).outcome_at;
  Live(2 * kResolved);
  broker_.Note(outcome, DeliveryState::kDeadLettered, "no");
  Live(kResolved - 2 * kInterval);
  EXPECT_EQ(broker_.Get(task).delivery->code, "no");
  EXPECT_EQ(broker_.Deliveries(), Sequences{outcome});
  Live(kResolved);
  EXPECT_TRUE(broker_.Deliveries().empty());
  EXPECT_EQ(broker_.broker().TargetStatuses()[0].dead, 0u);
  EXPECT_FALSE(broker_.store().Read(0, outcome).ok());
}

}  // namespace
}  // namespace tokenbroker::broker
