// tokenctl backup and profile.
#include "cli/exit_code.h"
#include "tests/cli/commands/commands_fixture.h"

namespace tokenbroker::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST_F(CommandsTest, ABackupIsNotRetried) {
  int calls = 0;
  broker.backup = [&](const v1::CreateBackupRequest&, DurationMs) -> absl::StatusOr<v1::CreateBackupResponse> {
    ++calls;
    return Away();
  };
  EXPECT_EQ(Tokenctl({"backup", "/b"}), kUnavailable);
  EXPECT_EQ(calls, 1);
}

TEST_F(CommandsTest, ProfileShowNeverShowsTheKey) {
  environment["TOKENBROKER_API_KEY"] = "secret-key";
  EXPECT_EQ(Tokenctl({"profile", "show", "-o", "json"}), 0) << err;
  EXPECT_THAT(out, HasSubstr("\"api_key\": \"TOKENBROKER_API_KEY\""));
  EXPECT_THAT(out, Not(HasSubstr("secret-key")));
}

}  // namespace
}  // namespace tokenbroker::cli
