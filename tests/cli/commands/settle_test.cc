// tokenctl succeed, fail and peek.
#include <string>

#include "cli/exit_code.h"
#include "cli/time_text.h"
#include "tests/cli/commands/commands_fixture.h"

namespace tokenbroker::cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

TEST_F(CommandsTest, SucceedReadsTheOutputFromStandardInput) {
  Input(" {\"n\": 1.0}\n");
  ASSERT_EQ(Tokenctl({"succeed", "tkA", "--output", "-"}), 0) << err;
  EXPECT_EQ(succeeded_.output(), "{\"n\": 1.0}");
  EXPECT_EQ(out, "REPLAYED 0123456789abcdef01\n");
}

TEST_F(CommandsTest, SucceedWithoutOutputSendsAnEmptyObject) {
  ASSERT_EQ(Tokenctl({"succeed", "--key", "k", "--no-park"}), 0) << err;
  EXPECT_EQ(succeeded_.output(), "{}");
  EXPECT_LT(succeeded_.park_for().seconds(), 0);
}

TEST_F(CommandsTest, SettlingWaitsForTheTargetsVerdictWhereItIsAsked) {
  struct Case {
    v1::DeliveryState state;
    int code;
  };
  for (const Case& one : {Case{v1::DELIVERY_STATE_DELIVERED, kOk}, Case{v1::DELIVERY_STATE_PENDING, kLimitReached},
                          Case{v1::DELIVERY_STATE_DEAD_LETTERED, kNotTaken}}) {
    broker.fail = [&](const v1::FailRequest& request, DurationMs timeout) -> absl::StatusOr<v1::FailResponse> {
      EXPECT_EQ(ToMs(request.wait_for_delivery()), 30'000);
      EXPECT_GT(timeout, 30'000);
      v1::FailResponse response;
      response.set_verdict(v1::VERDICT_ACCEPTED);
      response.set_task_id("0123456789abcdef01");
      response.mutable_delivery()->set_state(one.state);
      response.mutable_delivery()->set_answer_code("TaskTimedOut");
      return response;
    };
    EXPECT_EQ(Tokenctl({"fail", "tkA", "--wait-for-delivery", "30s"}), one.code) << err;
    EXPECT_THAT(out, HasSubstr("ACCEPTED 0123456789abcdef01\n"));
    EXPECT_THAT(out, HasSubstr(" TaskTimedOut\n"));
    Tokenctl({"fail", "tkA", "--wait-for-delivery", "30s", "-o", "json"});
    EXPECT_THAT(out, HasSubstr(R"("answer_code": "TaskTimedOut")"));
    Tokenctl({"fail", "tkA", "--wait-for-delivery", "30s", "-o", "id"});
    EXPECT_EQ(out, "0123456789abcdef01\n");
  }
}

TEST_F(CommandsTest, ABareWordIsExplained) {
  EXPECT_EQ(Tokenctl({"succeed", "tkA", "--output", "done"}), kUsage);
  EXPECT_THAT(err, HasSubstr("quotes"));
}

TEST_F(CommandsTest, ACauseFromALogIsTakenAsFarAsItIsText) {
  std::string cause;
  broker.fail = [&](const v1::FailRequest& request, DurationMs) -> absl::StatusOr<v1::FailResponse> {
    cause = request.cause();
    return v1::FailResponse();
  };
  Input("before \xFF after");
  EXPECT_EQ(Tokenctl({"fail", "tkA", "--cause", "-"}), kOk) << err;
  EXPECT_EQ(cause, "before \xEF\xBF\xBD after");
}

TEST_F(CommandsTest, ARefusalNeverShowsTheToken) {
  broker.succeed = [](const v1::SucceedRequest&, DurationMs) -> absl::StatusOr<v1::SucceedResponse> {
    return Refusal(absl::StatusCode::kFailedPrecondition, v1::ERROR_REASON_TASK_EXPIRED, "too late");
  };
  EXPECT_EQ(Tokenctl({"succeed", "tkSECRET"}), kExpired);
  EXPECT_EQ(out, "");
  EXPECT_THAT(err, HasSubstr("too late"));
  EXPECT_THAT(err, Not(HasSubstr("tkSECRET")));
}

TEST_F(CommandsTest, PeekTellsTheVerdictByExitCode) {
  broker.peek = [](const v1::PeekTaskRequest& request, DurationMs) -> absl::StatusOr<v1::PeekTaskResponse> {
    EXPECT_EQ(request.settlement().fail().error(), "E");
    v1::PeekTaskResponse response;
    response.mutable_result()->set_verdict(v1::VERDICT_CONFLICT);
    return response;
  };
  EXPECT_EQ(Tokenctl({"peek", "tkA", "--error", "E"}), kConflict);
  EXPECT_EQ(out, "CONFLICT\n");
}

TEST_F(CommandsTest, PeekTriesOneOutcome) {
  bool fails = false;
  broker.peek = [&](const v1::PeekTaskRequest& request, DurationMs) -> absl::StatusOr<v1::PeekTaskResponse> {
    fails = request.settlement().has_fail();
    v1::PeekTaskResponse response;
    response.mutable_result()->set_verdict(v1::VERDICT_ACCEPTED);
    return response;
  };
  EXPECT_EQ(Tokenctl({"peek", "tkA", "--error", "E", "--output", "1"}), kUsage);
  EXPECT_EQ(Tokenctl({"peek", "tkA", "--output", "1", "--cause", "c"}), kUsage);
  EXPECT_THAT(err, AllOf(HasSubstr("--output"), HasSubstr("--cause")));
  EXPECT_EQ(connections, 0);
  EXPECT_EQ(Tokenctl({"peek", "tkA", "--cause", "c"}), kOk) << err;
  EXPECT_TRUE(fails);
}

}  // namespace
}  // namespace tokenbroker::cli
