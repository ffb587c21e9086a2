// Who may do what: every call by token, id and key, by callers with each of the rights.
#include <gtest/gtest.h>

#include <functional>

#include "tests/testing/broker_harness.h"

namespace tokenbroker::broker {
namespace {

// Rights in the namespace "orders" alone.
Principal InOrders(Rights rights) {
  Principal principal{"key:clerk"};
  principal.namespaces["orders"] = rights;
  return principal;
}

class RightsTest : public testing::Test {
 protected:
  Issued IssueAsAnybody(const NewTask& task = {.correlation_key = "k"}) {
    broker_.caller = &Anybody();
    return broker_.Issue(task);
  }

  using Act = std::function<Reason(const Ref&)>;
  // What a caller with these rights in "orders" is told about an open task there, named in three ways.
  struct Told {
    Reason by_token;
    Reason by_id;
    Reason by_key;
    friend bool operator==(const Told&, const Told&) = default;
  };
  Told Tell(
      Rights rights, const Act& act, const std::function<void(const Issued&)>& before = [](const Issued&) {}) {
    const Principal caller = InOrders(rights);
    const auto once = [&](auto ref) {
      const Issued task = IssueAsAnybody();
      before(task);
      broker_.caller = &caller;
      const Reason reason = act(ref(task));
      broker_.caller = &Anybody();
      broker_.Cancel(task);
      return reason;
    };
    return {once([](const Issued& task) { return Ref(task); }),
            once([](const Issued& task) { return Ref::Id(task.id); }),
            once([](const Issued&) { return Ref::Key("k"); })};
  }

  BrokerHarness broker_;
  const Act succeed_ = [this](const Ref& ref) { return broker_.SucceedIfKnown(ref, "1").reason; };
  const Act beat_ = [this](const Ref& ref) { return broker_.Beat(ref).reason; };
  const Act cancel_ = [this](const Ref& ref) { return broker_.Cancel(ref).reason; };
  const Act extend_ = [this](const Ref& ref) { return broker_.Extend(ref, 1h).reason; };
  const Act get_ = [this](const Ref& ref) { return broker_.Get(ref).reason; };
  const Act peek_ = [this](const Ref& ref) { return broker_.Peek(ref, TaskState::kSucceeded, "1").reason; };
  const Act await_ = [this](const Ref& ref) {
    const auto call = broker_.BeginAwait(ref, 0ms);
    return call->op.refusal.reason;
  };
};

constexpr Reason kOk = Reason::kNone;
constexpr Reason kDenied = Reason::kPermissionDenied;
constexpr Reason kUnknown = Reason::kTaskUnknown;

TEST_F(RightsTest, ATokenAloneSettlesBeatsAndReads) {
  const RightsTest::Told token_only{kOk, kUnknown, kDenied};
  EXPECT_EQ(Tell(0, succeed_), token_only);
  EXPECT_EQ(Tell(0, beat_), token_only);
  EXPECT_EQ(Tell(0, get_), token_only);
  EXPECT_EQ(Tell(0, peek_), token_only);
  EXPECT_EQ(Tell(0, await_), token_only);
}

TEST_F(RightsTest, ATokenAloneNeitherCancelsNorExtends) {
  const RightsTest::Told nothing{kDenied, kUnknown, kDenied};
  EXPECT_EQ(Tell(0, cancel_), nothing);
  EXPECT_EQ(Tell(0, extend_), nothing);
  EXPECT_EQ(Tell(kResolve, cancel_), nothing);
  EXPECT_EQ(Tell(kResolve, extend_), nothing);
}

// Otherwise a worker with the wrong rights would take its task for gone.
TEST_F(RightsTest, WhoMayReadTheTaskIsToldWhichRightIsMissing) {
  const auto ended = [this](const Issued& task) { broker_.Succeed(task, "2"); };
  const RightsTest::Told denied{kDenied, kDenied, kDenied};
  EXPECT_EQ(Tell(kResolve | kRead, cancel_), denied);
  EXPECT_EQ(Tell(kResolve | kRead, extend_), denied);
  EXPECT_EQ(Tell(kResolve | kRead, cancel_, ended), denied);
  EXPECT_EQ(Tell(kResolve | kRead, extend_, ended), denied);
  EXPECT_EQ(Tell(kIssue | kRead, succeed_).by_id, kDenied);
  EXPECT_EQ(Tell(kIssue | kRead, beat_).by_id, kDenied);
  EXPECT_EQ(Tell(kIssue | kRead, succeed_, ended).by_id, kDenied);
  EXPECT_EQ(Tell(kIssue | kRead, beat_, ended).by_id, kDenied);

  const Principal reader = InOrders(kRead);
  const Issued task = IssueAsAnybody();
  broker_.caller = &reader;
  const Settled told = broker_.Succeed(Ref::Id(task.id), "1");
  EXPECT_EQ(told.verdict, Verdict::kRefused);
  EXPECT_EQ(told.message, "the caller lacks the right \"resolve\" in namespace \"orders\"");
}

TEST_F(RightsTest, EachCallNeedsItsRight) {
  const RightsTest::Told everything{kOk, kOk, kOk};
  const RightsTest::Told token_only{kOk, kUnknown, kDenied};
  EXPECT_EQ(Tell(kIssue, cancel_), everything);
  EXPECT_EQ(Tell(kIssue, extend_), everything);
  EXPECT_EQ(Tell(kResolve, succeed_), everything);
  EXPECT_EQ(Tell(kResolve, beat_), everything);
  EXPECT_EQ(Tell(kRead, get_), everything);
  EXPECT_EQ(Tell(kResolve, peek_), everything) << "as the outcome itself; the door sees to the right to read";
  EXPECT_EQ(Tell(kRead, await_), everything);
  EXPECT_EQ(Tell(kIssue, succeed_), token_only);
  EXPECT_EQ(Tell(kIssue, beat_), token_only);
  EXPECT_EQ(Tell(kIssue | kResolve, get_), token_only);
  EXPECT_EQ(Tell(kIssue | kRead, peek_), (RightsTest::Told{kOk, kDenied, kDenied}));
  EXPECT_EQ(Tell(kIssue | kResolve, await_), token_only);
}

TEST_F(RightsTest, AnEndedTaskIsGuardedLikeAnOpenOne) {
  const auto ended = [this](const Issued& task) { broker_.Succeed(task, "2"); };
  const Reason recorded = Reason::kTaskAlreadyResolved;
  EXPECT_EQ(Tell(0, succeed_, ended), (RightsTest::Told{recorded, kUnknown, kDenied}));
  EXPECT_EQ(Tell(0, beat_, ended), (RightsTest::Told{recorded, kUnknown, kDenied}));
  EXPECT_EQ(Tell(0, peek_, ended), (RightsTest::Told{recorded, kUnknown, kDenied}));
  EXPECT_EQ(Tell(0, cancel_, ended), (RightsTest::Told{kDenied, kUnknown, kDenied}));
  EXPECT_EQ(Tell(0, extend_, ended), (RightsTest::Told{kDenied, kUnknown, kDenied}));
  EXPECT_EQ(Tell(kIssue, cancel_, ended), (RightsTest::Told{recorded, recorded, recorded}));
  EXPECT_EQ(Tell(kResolve, succeed_, ended), (RightsTest::Told{recorded, recorded, recorded}));
  EXPECT_EQ(Tell(kResolve, peek_, ended), (RightsTest::Told{recorded, recorded, recorded}));
}

TEST_F(RightsTest, RightsElsewhereAreWorthNothingHere) {
  const Issued task = IssueAsAnybody({.name_space = "loans", .correlation_key = "k"});
  const Principal clerk = InOrders(kAllRights);
  broker_.caller = &clerk;
  EXPECT_EQ(broker_.Cancel(Ref::Id(task.id)).reason, kUnknown);
  EXPECT_EQ(broker_.Succeed(Ref::Id(task.id), "1").reason, kUnknown);
  EXPECT_EQ(broker_.Get(Ref::Id(task.id)).reason, kUnknown);
  EXPECT_EQ(broker_.Succeed(Ref::Key("k", "loans"), "1").reason, kDenied);
  EXPECT_EQ(broker_.Succeed(Ref::Key("new", "loans"), "1").reason, kDenied) << "nor is anything parked";
}

TEST_F(RightsTest, ARefusalSaysNothingOfAStrangersTask) {
  const Issued task = IssueAsAnybody();
  broker_.caller = &Nobody();
  const Settled open = broker_.Succeed(Ref::Id(task.id), "1");
  const Settled none = broker_.Succeed(Ref::Id("00000000000000ffff"), "1");
  EXPECT_EQ(open.message, none.message);
  EXPECT_EQ(open.task, none.task);
  EXPECT_EQ(open.recorded.state, none.recorded.state);
}

TEST_F(RightsTest, TheRecordNamesWhoEndedTheTask) {
  const Issued task = IssueAsAnybody();
  broker_.caller = &Nobody();
  broker_.Succeed(task, "1");
  EXPECT_EQ(broker_.Get(task).resolved_by, "token");
  const Principal clerk = InOrders(kIssue);
  const Issued other = IssueAsAnybody();
  broker_.caller = &clerk;
  broker_.Cancel(Ref::Key("k"));
  EXPECT_EQ(broker_.Get(other).resolved_by, "key:clerk");
}

}  // namespace
}  // namespace tokenbroker::broker
