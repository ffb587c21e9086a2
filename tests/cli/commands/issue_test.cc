// tokenctl issue.
#include "cli/exit_code.h"
#include "cli/time_text.h"
#include "tests/cli/commands/commands_fixture.h"

namespace tokenbroker::cli {
namespace {

using ::testing::HasSubstr;

TEST_F(CommandsTest, IssueSendsWhatItIsGiven) {
  environment["TRACEPARENT"] = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  ASSERT_EQ(Tokenctl({"issue", "-n",       "orders",    "--key",     "k",   "--timeout", "2h", "--heartbeat",
                      "1m",    "--input",  "{\"a\":1}", "--label",   "x=1", "--label",   "y=", "--allow-error",
                      "E",     "--schema", "{}",        "--attempt", "2"}),
            0)
      << err;
  const auto& request = issue_requests_.at(0);
  EXPECT_EQ(request.namespace_(), "orders");
  EXPECT_EQ(request.correlation_key(), "k");
  EXPECT_EQ(ToMs(request.timeout()), 7'200'000);
  EXPECT_EQ(ToMs(request.heartbeat_timeout()), 60'000);
  EXPECT_EQ(request.input(), "{\"a\":1}");
  EXPECT_EQ(request.labels().at("x"), "1");
  EXPECT_EQ(request.labels().at("y"), "");
  EXPECT_EQ(request.contract().allowed_errors(0), "E");
  EXPECT_EQ(request.contract().output_schema(), "{}");
  EXPECT_EQ(request.attempt(), 2u);
  EXPECT_THAT(request.trace().traceparent(), HasSubstr("0af7651916cd43dd"));
}

TEST_F(CommandsTest, IssueRetriesUnderOneRequestId) {
  issue_failures_ = 2;
  ASSERT_EQ(Tokenctl({"issue"}), 0) << err;
  ASSERT_EQ(issue_requests_.size(), 3u);
  EXPECT_EQ(issue_requests_[0].request_id().size(), 36u);
  EXPECT_EQ(issue_requests_[0].request_id(), issue_requests_[2].request_id());
}

TEST_F(CommandsTest, IssuePrintsInEveryFormat) {
  Tokenctl({"issue", "-o", "token"});
  EXPECT_EQ(out, "tkSECRET\n");
  Tokenctl({"issue", "-o", "id"});
  EXPECT_EQ(out, "0123456789abcdef01\n");
  Tokenctl({"-o", "jsonl", "issue"});
  EXPECT_EQ(
      out,
      R"({"task_id":"0123456789abcdef01","token":"tkSECRET","deadline":"2027-01-15T09:00:00.000Z","state":"WAITING","replayed":false})"
      "\n");
  Tokenctl({"issue"});
  EXPECT_THAT(out, HasSubstr("token:     tkSECRET\n"));
}

TEST_F(CommandsTest, TextsForPeopleMayBeEmpty) {
  EXPECT_EQ(Tokenctl({"issue", "--summary", ""}), kOk) << err;
  EXPECT_EQ(Tokenctl({"issue", "--summary="}), kOk) << err;
  EXPECT_EQ(issue_requests_.size(), 2u);
}

}  // namespace
}  // namespace tokenbroker::cli
