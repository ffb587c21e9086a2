// Contracts on their way through the broker.
#include <gtest/gtest.h>

#include "tests/testing/broker_harness.h"

namespace tokenbroker::broker {
namespace {

constexpr const char* kOrder = R"({"type": "object", "properties": {"total": {"type": "number", "minimum": 0}}})";

TEST(Contract, AnOutcomeThatBreaksItIsRefusedAndTheTaskStaysOpen) {
  BrokerHarness broker;
  const Issued task = broker.Issue({.output_schema = kOrder, .allowed_errors = {"E1"}});
  const Settled wrong = broker.Succeed(task, R"({"total": -1})");
  EXPECT_EQ(wrong.verdict, Verdict::kRefused);
  EXPECT_EQ(wrong.reason, Reason::kContractViolation);
  EXPECT_EQ(wrong.field, "output#/total");
  EXPECT_EQ(broker.Fail(task, "E2").field, "error");
  EXPECT_EQ(broker.Peek(task, TaskState::kFailed, "E2").reason, Reason::kContractViolation);
  EXPECT_EQ(broker.Get(task).state, TaskState::kWaiting);
  EXPECT_EQ(broker.Fail(task, "E1").verdict, Verdict::kAccepted);
  EXPECT_EQ(broker.Fail(task, "E2").verdict, Verdict::kConflict) << "an ended task has no contract any more";
}

TEST(Contract, ItHoldsAfterACrash) {
  BrokerHarness broker;
  const Issued task = broker.Issue({.output_schema = kOrder});
  broker.Restart();
  broker.Crash();
  EXPECT_EQ(broker.Succeed(task, "1").reason, Reason::kContractViolation);
}

TEST(Contract, ADrainDoesNotWaitForChecks) {
  BrokerHarness broker;
  const Issued task = broker.Issue({.output_schema = kOrder});
  Call<ResolveOperation> resolve;
  resolve.op.principal = &Anybody();
  resolve.op.address = broker.broker().AddressOfToken(task.token);
  resolve.op.output = R"({"total": -1})";
  broker.broker().Submit(resolve.op);
  broker.broker().RunOnce();  // waits to be checked
  broker.broker().BeginDrain();
  broker.Run();
  EXPECT_EQ(resolve.op.refusal.reason, Reason::kDraining);
}

// The check takes a detour over the executor; meanwhile a newer attempt takes the key over.
TEST(Contract, AnOutcomeIsHeldAgainstTheContractOfTheTaskItResolves) {
  BrokerHarness broker;
  broker.Issue({.correlation_key = "k", .output_schema = R"({"type": "number"})"});
  Call<ResolveOperation> resolve;
  resolve.op.principal = &Anybody();
  resolve.op.address = broker.broker().AddressOfKey("orders", "k");
  resolve.op.output = "7";
  broker.broker().Submit(resolve.op);
  broker.broker().RunOnce();  // waits for the executor
  Call<IssueOperation> issue;
  issue.op.principal = &Anybody();
  issue.op.request = {.name_space = "orders",
                      .correlation_key = "k",
                      .attempt = 2,
                      .timeout = 1000,
                      .output_schema = R"({"type": "string"})"};
  broker.broker().Prepare(issue.op);
  broker.broker().Submit(issue.op);
  broker.broker().RunOnce();
  broker.Run();
  EXPECT_EQ(resolve.op.refusal.reason, Reason::kContractViolation);
}

TEST(Contract, ManyChecksOfOneNamespaceHoldUpNoOther) {
  BrokerHarness broker;
  NewTask task;
  task.output_schema = R"({"type": "integer"})";
  constexpr int kMany = 50;
  Call<ResolveOperation> calls[kMany + 1];
  for (Call<ResolveOperation>& call : calls) {
    if (&call == &calls[kMany]) task.name_space = "others";
    call.op.principal = &Anybody();
    call.op.address = broker.broker().AddressOfToken(broker.Issue(task).token);
    call.op.output = "1";
  }
  for (Call<ResolveOperation>& call : calls) broker.broker().Submit(call.op);
  broker.broker().RunOnce();
  for (int checks = 0; checks < 2; ++checks) ASSERT_TRUE(broker.executor().RunOne());
  broker.broker().RunOnce();
  EXPECT_TRUE(calls[0].answered);
  EXPECT_FALSE(calls[1].answered);
  EXPECT_TRUE(calls[kMany].answered) << "behind one check of the other namespace, not behind all";
  broker.Run();
  EXPECT_TRUE(calls[kMany - 1].answered);
}

}  // namespace
}  // namespace tokenbroker::broker
