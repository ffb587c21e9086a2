// What a second issue does: request ids, correlation keys, attempts, upstream tokens.
#include <gtest/gtest.h>

#include "tests/testing/broker_harness.h"

namespace tokenbroker::broker {
namespace {

class IssueTest : public testing::Test {
 protected:
  BrokerHarness broker_;
};

TEST_F(IssueTest, ARepeatedRequestIdGetsTheSameTaskAndToken) {
  const NewTask request = {.request_id = "r", .labels = {{"a", "1"}, {"b", "2"}}, .input = "1"};
  const Issued first = broker_.Issue(request);
  broker_.Advance(1s);
  NewTask again = request;
  std::swap(again.labels[0], again.labels[1]);
  const Issued second = broker_.Issue(again);
  EXPECT_TRUE(second.replayed);
  EXPECT_FALSE(first.replayed);
  EXPECT_EQ(second.task, first.task);
  EXPECT_EQ(second.token, first.token);
  EXPECT_EQ(second.deadline, first.deadline);
}

TEST_F(IssueTest, ARequestIdWithOtherContentIsRefused) {
  const NewTask request = {.request_id = "r", .correlation_key = "k", .input = "1", .allowed_errors = {"E"}};
  broker_.Issue(request);
  const auto with = [&](auto change) {
    NewTask other = request;
    change(other);
    return broker_.Issue(other);
  };
  const Issued results[] = {with([](NewTask& task) { task.input = "2"; }),
                            with([](NewTask& task) { task.correlation_key = "l"; }),
                            with([](NewTask& task) { task.attempt = 2; }),
                            with([](NewTask& task) { task.timeout = 2h; }),
                            with([](NewTask& task) { task.heartbeat_timeout = 2s; }),
                            with([](NewTask& task) { task.summary = "s"; }),
                            with([](NewTask& task) { task.target = "t"; }),
                            with([](NewTask& task) {
                              task.labels = {{"a", "1"}};
                            }),
                            with([](NewTask& task) { task.upstream_token = "u"; }),
                            with([](NewTask& task) { task.output_schema = "{}"; }),
                            with([](NewTask& task) {
                              task.allowed_errors = {"E", "F"};
                            })};
  for (const Issued& result : results) {
    EXPECT_EQ(result.reason, Reason::kRequestIdReused);
    EXPECT_EQ(result.field, "request_id");
  }
}

TEST_F(IssueTest, RequestIdsAndKeysAreTheNamespacesOwn) {
  const Issued here = broker_.Issue({.name_space = "a", .request_id = "r", .correlation_key = "k"});
  const Issued there = broker_.Issue({.name_space = "b", .request_id = "r", .correlation_key = "k"});
  EXPECT_TRUE(there.ok());
  EXPECT_NE(here.task, there.task);
  EXPECT_EQ(broker_.Get(Ref::Key("k", "a")).task, here.task);
  EXPECT_EQ(broker_.Get(Ref::Key("k", "b")).task, there.task);
}

TEST_F(IssueTest, ARepeatedRequestIsToldTheDeadlineAsItIsNow) {
  const NewTask request = {.request_id = "r", .timeout = 1h};
  const Issued task = broker_.Issue(request);
  broker_.Extend(task, 3h);
  EXPECT_EQ(broker_.Issue(request).deadline, BrokerHarness::kStart + 3 * 3'600'000);
  broker_.Cancel(task, "", 10s);
  EXPECT_EQ(broker_.Issue(request).deadline, BrokerHarness::kStart + 10'000);
  broker_.Succeed(task, "1");
  EXPECT_EQ(broker_.Issue(request).deadline, task.deadline);
}

TEST_F(IssueTest, ARequestRepeatedAfterTheEndSaysHowTheTaskEnded) {
  const Issued task = broker_.Issue({.request_id = "r"});
  broker_.Fail(task, "E");
  const Issued again = broker_.Issue({.request_id = "r"});
  EXPECT_TRUE(again.replayed);
  EXPECT_EQ(again.state, TaskState::kFailed);
  broker_.Restart();
  EXPECT_EQ(broker_.Issue({.request_id = "r"}).state, TaskState::kFailed)
      << "also when the outcome is only in the store";
}

TEST_F(IssueTest, ConcurrentIssuesWithOneRequestIdMakeOneTask) {
  Call<IssueOperation> calls[3];
  for (auto& call : calls) {
    call.op.principal = &Anybody();
    call.op.request = {.name_space = "orders", .request_id = "r", .timeout = 1000};
    broker_.broker().Prepare(call.op);
    broker_.broker().Submit(call.op);
  }
  broker_.Run();
  EXPECT_FALSE(calls[0].op.replayed);
  EXPECT_TRUE(calls[1].op.replayed && calls[2].op.replayed);
  EXPECT_EQ(calls[1].op.task, calls[0].op.task);
  EXPECT_EQ(broker_.broker().GetStatus().open_tasks, 1u);
}

TEST_F(IssueTest, AnOpenCorrelationKeyIsRefusedWithoutANewerAttempt) {
  const Issued task = broker_.Issue({.correlation_key = "k", .attempt = 2});
  EXPECT_EQ(broker_.Issue({.correlation_key = "k"}).reason, Reason::kCorrelationKeyInUse);
  EXPECT_EQ(broker_.Issue({.correlation_key = "k", .attempt = 2}).reason, Reason::kCorrelationKeyInUse);
  EXPECT_EQ(broker_.Issue({.correlation_key = "k", .attempt = 1}).reason, Reason::kTaskSuperseded);
  EXPECT_EQ(broker_.Get(task).state, TaskState::kWaiting);
}

TEST_F(IssueTest, AKeyIsFreeOnceItsTaskEnded) {
  broker_.Succeed(broker_.Issue({.correlation_key = "k"}), "1");
  const Issued next = broker_.Issue({.correlation_key = "k"});
  EXPECT_TRUE(next.ok());
  EXPECT_EQ(next.superseded, 0u);
  EXPECT_EQ(broker_.Get(Ref::Key("k")).task, next.task);
}

TEST_F(IssueTest, AKeyIsFreeAtTheMomentItsTaskIsDue) {
  const Issued first = broker_.Issue({.correlation_key = "k", .timeout = 5s});
  broker_.AdvanceUnnoticed(5s);
  const Issued next = broker_.Issue({.correlation_key = "k", .attempt = 2});
  EXPECT_EQ(next.superseded, 0u);
  EXPECT_EQ(broker_.Get(first).state, TaskState::kExpired);
}

TEST_F(IssueTest, AnAttemptIsRememberedWithoutAKey) {
  EXPECT_EQ(broker_.Get(broker_.Issue({.attempt = 7})).attempt, 7);
  EXPECT_EQ(broker_.Get(broker_.Issue()).attempt, 1);
}

TEST_F(IssueTest, AnUpstreamTokenNamesItsTask) {
  const std::string upstream(2048, 'u');
  const Issued task = broker_.Issue({.upstream_token = upstream});
  EXPECT_TRUE(broker_.Beat(Ref::Token(upstream)).ok());
  EXPECT_EQ(broker_.Succeed(Ref::Token(upstream), "1").task, task.task);
  EXPECT_EQ(broker_.Succeed(Ref::Token(upstream), "1").verdict, Verdict::kReplayed);
}

TEST_F(IssueTest, AnOpenUpstreamTokenIsRefusedAndAnEndedOneIsNot) {
  const Issued first = broker_.Issue({.upstream_token = "u"});
  EXPECT_EQ(broker_.Issue({.upstream_token = "u"}).reason, Reason::kUpstreamTokenInUse);
  broker_.Succeed(first, "1");
  const Issued second = broker_.Issue({.upstream_token = "u"});
  EXPECT_TRUE(second.ok());
  EXPECT_EQ(broker_.Get(Ref::Token("u")).task, second.task);
}

TEST_F(IssueTest, ANewerAttemptTakesOverItsUpstreamToken) {
  broker_.Issue({.correlation_key = "k", .upstream_token = "u"});
  const Issued second = broker_.Issue({.correlation_key = "k", .attempt = 2, .upstream_token = "u"});
  EXPECT_TRUE(second.ok());
  EXPECT_EQ(broker_.Succeed(Ref::Token("u"), "1").task, second.task);
}

TEST_F(IssueTest, TheUpstreamTokenIsNowhereInTheLogInClear) {
  const Issued task = broker_.Issue({.upstream_token = "upstream-secret"});
  const std::string bytes = *broker_.store().Read(0, task.task);
  EXPECT_EQ(bytes.find("upstream-secret"), std::string::npos);
  EXPECT_EQ(bytes.find(task.token), std::string::npos);
  const storage::IssuedEntry entry = *storage::DecodeIssued(bytes);
  EXPECT_EQ(*broker_.codec().OpenUpstream(task.task, entry.upstream_token_sealed), "upstream-secret");
}

}  // namespace
}  // namespace tokenbroker::broker
