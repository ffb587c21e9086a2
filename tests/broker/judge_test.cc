// What callers are told when the store cannot read what it is asked for.
#include "server/broker/judge.h"

#include <gtest/gtest.h>

#include <string>

#include "storage/memory/memory_store.h"
#include "tests/testing/broker_harness.h"

namespace tokenbroker::broker {
namespace {

constexpr storage::ShardId kShard = 0;
constexpr Sequence kTask = 1;
constexpr Sequence kOutcome = 2;

class JudgeTest : public testing::Test {
 protected:
  JudgeTest() { clerk_.namespaces["orders"] = kAllRights; }

  void Append(Sequence sequence, const std::string& bytes) {
    ASSERT_TRUE(store_.Append(kShard, {{sequence, bytes}}).ok());
  }
  void AppendDamaged(Sequence sequence) { Append(sequence, "damaged"); }
  void AppendOutcome() {
    std::string bytes;
    storage::EncodeEntry(storage::ResolvedEntry{.task = kTask, .state = TaskState::kSucceeded, .output = "1"}, bytes);
    Append(kOutcome, bytes);
  }

  // What the clerk, whose rights depend on the task's namespace, is told of the ended task.
  template <typename Op>
  Reason Tell() {
    Call<Op> call;
    call.op.principal = &clerk_;
    call.op.address = {.kind = TaskAddress::Kind::kId, .task = kTask};
    call.op.task = kTask;
    call.op.outcome_at = kOutcome;
    EXPECT_TRUE(judge_.Compare(static_cast<Operation&>(call.op)));
    return call.op.refusal.reason;
  }
  void ExpectAllAreTold(Reason reason) {
    EXPECT_EQ(Tell<ResolveOperation>(), reason);
    EXPECT_EQ(Tell<HeartbeatOperation>(), reason);
    EXPECT_EQ(Tell<CancelOperation>(), reason);
    EXPECT_EQ(Tell<ExtendOperation>(), reason);
  }

  Principal clerk_{"key:clerk"};
  storage::MemoryStore store_;
  const Judge judge_{store_, kShard};
};

TEST_F(JudgeTest, ATaskWhoseIssueIsDamagedIsNotCalledUnknown) {
  AppendDamaged(kTask);
  AppendOutcome();
  ExpectAllAreTold(Reason::kInternal);
}

TEST_F(JudgeTest, ATaskWhoseIssueIsKeptNoLongerIsUnknown) {
  AppendOutcome();
  ExpectAllAreTold(Reason::kTaskUnknown);
}

TEST_F(JudgeTest, ATaskWhoseOutcomeIsDamagedIsNotCalledUnknown) {
  AppendDamaged(kOutcome);
  ExpectAllAreTold(Reason::kInternal);
}

}  // namespace
}  // namespace tokenbroker::broker
