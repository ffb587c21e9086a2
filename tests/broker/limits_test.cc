// Every queue has a bound and a named behaviour when it is full.
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "server/broker/rules.h"
#include "tests/testing/broker_harness.h"

namespace tokenbroker::broker {
namespace {

TEST(Limits, ANamespaceHasSoManyOpenTasks) {
  BrokerHarness broker({.limits = {.open_tasks_per_namespace = 2}});
  const Issued first = broker.Issue();
  broker.Issue();
  const Issued refused = broker.Issue();
  EXPECT_EQ(refused.reason, Reason::kNamespaceLimit);
  EXPECT_GT(refused.retry_after, 0);
  EXPECT_TRUE(broker.Issue({.name_space = "loans"}).ok());
  broker.Succeed(first, "1");
  EXPECT_TRUE(broker.Issue().ok());
  broker.Restart();
  EXPECT_EQ(broker.Issue().reason, Reason::kNamespaceLimit) << "the count survives a restart";
}

TEST(Limits, WhatDoesNotAddAnOpenTaskIsNoneTooMany) {
  BrokerHarness broker({.limits = {.open_tasks_per_namespace = 1}});
  broker.Succeed(Ref::Key("early"), "1");
  const Issued first = broker.Issue({.correlation_key = "k"});
  EXPECT_EQ(broker.Issue({.correlation_key = "other"}).reason, Reason::kNamespaceLimit);
  const Issued second = broker.Issue({.correlation_key = "k", .attempt = 2});
  EXPECT_EQ(second.superseded, first.task) << "one ends, one begins";
  EXPECT_EQ(broker.Issue({.correlation_key = "early"}).state, TaskState::kSucceeded) << "it ends at once";
  broker.Succeed(Ref::Key("broken"), "1");
  EXPECT_EQ(broker.Issue({.correlation_key = "broken", .output_schema = R"({"type":"string"})"}).reason,
            Reason::kNamespaceLimit)
      << "the callback breaks the contract: the task would stay open";
}

TEST(Limits, ThereAreSoManyNamespaces) {
  BrokerHarness broker({.limits = {.namespaces = 2}});
  broker.Issue({.name_space = "a"});
  broker.Issue({.name_space = "b"});
  const Issued refused = broker.Issue({.name_space = "c"});
  EXPECT_EQ(refused.reason, Reason::kNamespaceLimit);
  EXPECT_EQ(refused.retry_after, 0) << "they stay for good";
  EXPECT_EQ(broker.Succeed(Ref::Key("k", "c"), "1").reason, Reason::kNamespaceLimit) << "also for parking";
  EXPECT_TRUE(broker.Issue({.name_space = "a"}).ok());
}

TEST(Limits, ThereAreSoManyPairsOfNamespaceAndTarget) {
  const TokenCodec codec(TestKeys());
  ShardState state(0, {0, "0123456789abcdef"}, codec, 0);
  const uint32_t name_space = state.namespaces.Intern("orders");
  for (uint32_t i = 0; i < LaneTable::kMax; ++i) state.lanes.Intern(name_space, absl::StrCat("t", i));
  Waits waits(0);
  const broker::Limits limits;
  Observer observer;
  Rules rules(state, waits, limits, observer);
  const auto decide = [&](const std::string& in, const std::string& target) {
    IssueOperation issue;
    issue.principal = &BrokerItself();
    issue.request.name_space = in;
    issue.request.target = target;
    issue.request.timeout = 1'000;
    rules.Decide(static_cast<Operation&>(issue), 0);
    return issue.refusal;
  };
  for (const auto& [in, target] : {std::pair("orders", "new"), {"loans", "new"}, {"loans", "t0"}}) {
    EXPECT_EQ(decide(in, target).reason, Reason::kNamespaceLimit) << in << " " << target;
    EXPECT_EQ(decide(in, target).retry_after, 0) << "they stay for good";
  }
  EXPECT_FALSE(decide("orders", "t0"));
}

TEST(Limits, ANamespaceHasSoManyParkedCallbacks) {
  BrokerHarness broker({.limits = {.parked_per_namespace = 1}});
  broker.Succeed(Ref::Key("a"), "1");
  const Settled refused = broker.Succeed(Ref::Key("b"), "1");
  EXPECT_EQ(refused.verdict, Verdict::kRefused);
  EXPECT_EQ(refused.reason, Reason::kNamespaceLimit);
  EXPECT_EQ(broker.Peek(Ref::Key("b"), TaskState::kSucceeded, "1").reason, Reason::kNamespaceLimit);
  EXPECT_EQ(broker.Succeed(Ref::Key("a"), "1").verdict, Verdict::kParked) << "a repetition takes no room";
  EXPECT_EQ(broker.Succeed(Ref::Key("b", "loans"), "1").verdict, Verdict::kParked);
  broker.Issue({.correlation_key = "a"});
  EXPECT_EQ(broker.Succeed(Ref::Key("b"), "1").verdict, Verdict::kParked);
}

struct FullListener : Observer {
  void Overloaded(Queue queue) override { full.push_back(queue); }
  std::vector<Queue> full;
};

TEST(Limits, WhateverIsFullIsReported) {
  FullListener listener;
  BrokerHarness broker({.limits = {.parked_per_namespace = 0,
                                   .queue_bytes = 1000,
                                   .awaits = 0,
                                   .progress_bytes = 0,
                                   .cancel_reason_bytes = 0}});
  broker.observer = &listener;
  broker.Open();
  const Issued task = broker.Issue();
  broker.Succeed(Ref::Key("early"), "1");
  broker.Succeed(task, std::string(1001, '1'));
  broker.BeginAwait(task);
  broker.Beat(task, "1");
  broker.Cancel(task, "reason", 10s);
  EXPECT_EQ(listener.full,
            (std::vector{Queue::kParked, Queue::kCommit, Queue::kAwaits, Queue::kProgress, Queue::kCancelReasons}));
  broker.Close();
}

TEST(Limits, ParkedCallbacksTakeSoManyBytes) {
  BrokerHarness broker({.limits = {.parked_bytes = 1000}});
  EXPECT_EQ(broker.Succeed(Ref::Key("a"), std::string(700, '1')).verdict, Verdict::kParked);
  EXPECT_EQ(broker.Succeed(Ref::Key("b"), std::string(700, '1')).reason, Reason::kNamespaceLimit);
  EXPECT_EQ(broker.Succeed(Ref::Key("c"), "1").reason, Reason::kNamespaceLimit)
      << "an outcome takes more than its bytes";
}

TEST(Limits, AFullQueueAnswersOverloadedAtOnceAndChangesNothing) {
  BrokerHarness broker({.limits = {.queue_operations = 2}});
  const Issued task = broker.Issue();
  Call<ResolveOperation> calls[3];
  for (auto& call : calls) {
    call.op.principal = &Anybody();
    call.op.address = broker.broker().AddressOfToken(task.token);
    call.op.output = "1";
    broker.broker().Submit(call.op);
  }
  EXPECT_TRUE(calls[2].answered);
  EXPECT_EQ(calls[2].op.refusal.reason, Reason::kOverloaded);
  EXPECT_EQ(calls[2].op.verdict, Verdict::kRefused);
  EXPECT_GT(calls[2].op.refusal.retry_after, 0);
  broker.Run();
  EXPECT_EQ(calls[0].op.verdict, Verdict::kAccepted);
  EXPECT_EQ(calls[1].op.verdict, Verdict::kReplayed);
  EXPECT_EQ(broker.broker().GetStatus().queued, 0u);
}

TEST(Limits, WhatIsComparedWithARecordCountsAsQueued) {
  BrokerHarness broker({.limits = {.queue_operations = 2}});
  const Issued task = broker.Issue();
  broker.Succeed(task, "1");
  Call<ResolveOperation> again[3];
  for (int i = 0; i < 3; ++i) {
    again[i].op.principal = &Anybody();
    again[i].op.address = broker.broker().AddressOfToken(task.token);
    again[i].op.output = "1";
    broker.broker().Submit(again[i].op);
    broker.broker().RunOnce();
  }
  EXPECT_FALSE(again[0].answered);
  EXPECT_EQ(again[2].op.refusal.reason, Reason::kOverloaded);
  EXPECT_EQ(broker.broker().GetStatus().queued, 2u);
  broker.Run();
  EXPECT_EQ(again[0].op.verdict, Verdict::kReplayed);
  EXPECT_EQ(again[1].op.verdict, Verdict::kReplayed);
  EXPECT_EQ(broker.broker().GetStatus().queued, 0u);
  EXPECT_EQ(broker.broker().GetStatus().queued_bytes, 0u);
}

TEST(Limits, SoManyReadsMayWait) {
  FullListener listener;
  BrokerHarness broker({.limits = {.queue_reads = 2}});
  broker.observer = &listener;
  broker.Open();
  int read = 0;
  const auto try_read = [&] { return broker.broker().TryRead([&] { ++read; }); };
  EXPECT_TRUE(try_read());
  EXPECT_TRUE(try_read());
  EXPECT_FALSE(try_read());
  EXPECT_EQ(broker.broker().GetStatus().queued_reads, 2u);
  EXPECT_EQ(listener.full, std::vector{Queue::kReads});
  ASSERT_TRUE(broker.executor().RunOne());
  EXPECT_TRUE(try_read());
  broker.Run();
  EXPECT_EQ(read, 3);
  EXPECT_EQ(broker.broker().GetStatus().queued_reads, 0u);
  broker.Close();
}

TEST(Limits, AQueueThatIsFullOfPayloadAnswersOverloadedToo) {
  BrokerHarness broker({.limits = {.queue_bytes = 1000}});
  const Issued task = broker.Issue();
  const std::string output(600, '1');
  Call<ResolveOperation> calls[3];
  for (auto& call : calls) {
    call.op.principal = &Anybody();
    call.op.address = broker.broker().AddressOfToken(task.token);
  }
  calls[0].op.output = calls[1].op.output = output;
  calls[2].op.output = "2";
  for (auto& call : calls) broker.broker().Submit(call.op);
  EXPECT_EQ(calls[1].op.refusal.reason, Reason::kOverloaded);
  EXPECT_GT(calls[1].op.refusal.retry_after, 0);
  EXPECT_FALSE(calls[0].answered);
  EXPECT_FALSE(calls[2].answered) << "there is room for a small one";
  EXPECT_EQ(broker.broker().GetStatus().queued_bytes, 601u);
  broker.Run();
  EXPECT_EQ(calls[0].op.verdict, Verdict::kAccepted);
  EXPECT_EQ(calls[2].op.verdict, Verdict::kConflict);
  EXPECT_EQ(broker.broker().GetStatus().queued_bytes, 0u);
  EXPECT_TRUE(broker.Issue({.input = std::string(1000, '1')}).ok()) << "what fits alone";
  EXPECT_EQ(broker.Issue({.input = std::string(1001, '1')}).reason, Reason::kOverloaded);
}

TEST(Limits, ReasonsOfCancellationsInTheirGraceTimeTakeSoManyBytes) {
  BrokerHarness broker({.limits = {.cancel_reason_bytes = 1000}});
  const Issued first = broker.Issue();
  const Issued second = broker.Issue();
  const std::string reason(600, 'r');
  EXPECT_TRUE(broker.Cancel(first, reason, 10s).ok());
  EXPECT_TRUE(broker.Cancel(first, std::string(600, 's'), 9s).ok()) << "in the place of the first reason";
  const Changed refused = broker.Cancel(second, reason, 10s);
  EXPECT_EQ(refused.reason, Reason::kOverloaded);
  EXPECT_GT(refused.retry_after, 0);
  EXPECT_FALSE(broker.Get(second).cancel_requested);
  EXPECT_TRUE(broker.Cancel(second, "", 20s).ok()) << "nothing to keep";
  broker.Succeed(first, "1");
  EXPECT_TRUE(broker.Cancel(second, reason, 10s).ok()) << "there is room again";
  broker.Restart();
  broker.Advance(10s);
  EXPECT_EQ(broker.Get(second).cause, reason);
}

TEST(Limits, ProgressBeyondItsRoomIsNotKeptAndTheBeatStillCounts) {
  BrokerHarness broker({.limits = {.progress_bytes = 600}});
  const Issued first = broker.Issue({.heartbeat_timeout = 5s});
  const Issued second = broker.Issue({.heartbeat_timeout = 5s});
  broker.Beat(first, std::string(400, '1'));
  broker.Advance(3s);
  EXPECT_TRUE(broker.Beat(second, std::string(400, '1')).ok());
  EXPECT_EQ(broker.Get(second).progress, "");
  broker.Beat(first, "2");
  EXPECT_EQ(broker.Get(first).progress, "2");
  broker.Beat(second, "3");
  EXPECT_EQ(broker.Get(second).progress, "3") << "room that was given back is room";
}

TEST(Limits, AFullDiskRefusesNewTasksAndNothingElse) {
  BrokerHarness broker;
  const Issued task = broker.Issue({.request_id = "r", .timeout = 10s});
  const Issued other = broker.Issue({.timeout = 10s});
  broker.broker().SetDiskFull(true);
  EXPECT_EQ(broker.Issue().reason, Reason::kDiskFull);
  EXPECT_TRUE(broker.Issue({.request_id = "r", .timeout = 10s}).replayed);
  EXPECT_TRUE(broker.Beat(task).ok());
  EXPECT_EQ(broker.Succeed(task, "1").verdict, Verdict::kAccepted);
  broker.Advance(10s);
  EXPECT_EQ(broker.Get(other).state, TaskState::kExpired);
  broker.broker().SetDiskFull(false);
  EXPECT_TRUE(broker.Issue().ok());
}

}  // namespace
}  // namespace tokenbroker::broker
