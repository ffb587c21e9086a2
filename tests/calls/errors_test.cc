#include "server/calls/errors.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace tokenbroker::calls {
namespace {

namespace v1 = tokenbroker::v1;

template <typename Detail>
bool Find(const google::rpc::Status& status, Detail* out) {
  for (const auto& any : status.details()) {
    if (any.Is<Detail>()) return any.UnpackTo(out);
  }
  return false;
}

TEST(ErrorsTest, EveryReasonHasTheSameNameAndNumberInTheContract) {
  int reasons = 0;
  for (const broker::ReasonInfo& info : broker::AllReasons()) {
    const std::string name = v1::ErrorReason_Name(static_cast<int>(info.reason));
    EXPECT_EQ(name, std::string("ERROR_REASON_") + info.name);
    ++reasons;
  }
  EXPECT_EQ(reasons + 1, v1::ErrorReason_descriptor()->value_count());  // and UNSPECIFIED
}

TEST(ErrorsTest, EveryReasonBecomesAStatusAndAnItemErrorThatAgree) {
  for (const broker::ReasonInfo& info : broker::AllReasons()) {
    const broker::Refusal refusal{info.reason, "text", "", 0};
    const google::rpc::Status status = ToStatus({refusal});
    v1::ItemError item;
    FillItemError({refusal}, &item);
    google::rpc::ErrorInfo detail;
    ASSERT_TRUE(Find(status, &detail)) << info.name;
    EXPECT_EQ(detail.reason(), info.name);
    EXPECT_EQ(detail.domain(), "tokenbroker.v1");
    EXPECT_EQ(item.code(), status.code());
    EXPECT_EQ(item.reason(), static_cast<int>(info.reason));
    EXPECT_EQ(item.message(), status.message());
  }
}

TEST(ErrorsTest, EveryReasonIsExplainedInTheDocuments) {
  std::ifstream file(std::string(TB_DOCS) + "/errors.md");
  std::stringstream text;
  text << file.rdbuf();
  for (const broker::ReasonInfo& info : broker::AllReasons()) {
    EXPECT_NE(text.str().find(info.name), std::string::npos) << info.name;
  }
}

TEST(ErrorsTest, ABadFieldIsNamed) {
  google::rpc::BadRequest bad;
  ASSERT_TRUE(Find(ToStatus({broker::InvalidField("output", "is required")}), &bad));
  EXPECT_EQ(bad.field_violations(0).field(), "output");
  EXPECT_EQ(bad.field_violations(0).description(), "output is required");
}

TEST(ErrorsTest, ARetryIsTimed) {
  const broker::Refusal refusal{broker::Reason::kOverloaded, "full", "", 1500};
  google::rpc::RetryInfo retry;
  ASSERT_TRUE(Find(ToStatus({refusal}), &retry));
  EXPECT_EQ(retry.retry_delay().seconds(), 1);
  EXPECT_EQ(retry.retry_delay().nanos(), 500'000'000);
}

TEST(ErrorsTest, AConflictTellsWhatIsRecordedButFitsIntoHeaders) {
  const broker::Refusal refusal{broker::Reason::kTaskAlreadyResolved, "another outcome is recorded"};
  // Cut in the middle of a character of two bytes.
  std::string cause = "x";
  while (cause.size() < 32'000) cause += "\xC3\xA9";
  const broker::RecordedOutcome recorded{broker::TaskState::kFailed, 5'000, "E1", cause, "key:x"};
  const google::rpc::Status status = ToStatus({refusal, 0x2a, &recorded});
  v1::ResolvedDetail detail;
  ASSERT_TRUE(Find(status, &detail));
  EXPECT_EQ(detail.task_id(), "00000000000000002a");
  EXPECT_EQ(detail.state(), v1::TASK_STATE_FAILED);
  EXPECT_EQ(detail.outcome().error(), "E1");
  EXPECT_EQ(detail.outcome().resolved_by(), "key:x");
  EXPECT_LT(status.ByteSizeLong(), 4096u);
  v1::ItemError item;
  FillItemError({refusal, 0x2a, &recorded}, &item);
  EXPECT_EQ(item.resolved().SerializeAsString(), detail.SerializeAsString());
  // 1,023 bytes are whole characters, and half a one follows.
  EXPECT_EQ(detail.outcome().cause(), cause.substr(0, 1'023) + "...");
}

TEST(ErrorsTest, AThousandOfTheLongestItemErrorsFitIntoAMessage) {
  const std::string longest(32'768, 'x');
  const broker::Refusal refusal{broker::Reason::kTaskAlreadyResolved, longest, longest, 1'000};
  const broker::RecordedOutcome recorded{broker::TaskState::kFailed, 5'000, std::string(256, 'e'), longest,
                                         std::string(256, 'w')};
  v1::ItemError item;
  FillItemError({refusal, 0x2a, &recorded}, &item);
  EXPECT_LT(1'000 * item.ByteSizeLong(), size_t{4} << 20);
  EXPECT_EQ(item.message(), ToStatus({refusal}).message());
}

TEST(ErrorsTest, AnUnknownTaskIsNotNamed) {
  const broker::Refusal refusal{broker::Reason::kTaskUnknown, "no such task"};
  google::rpc::ErrorInfo info;
  ASSERT_TRUE(Find(ToStatus({refusal, 0x2a}), &info));
  EXPECT_TRUE(info.metadata().empty());
}

}  // namespace
}  // namespace tokenbroker::calls
