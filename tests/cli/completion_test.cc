#include "cli/completion.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

namespace tokenbroker::cli {
namespace {

using ::testing::HasSubstr;

class CompletionTest : public ::testing::Test {
 protected:
  CompletionTest() {
    root_.add_option("--address", text_, "Where it's at");
    CLI::App* profile = root_.add_subcommand("profile", "Profiles");
    profile->add_subcommand("ls", "List")->add_option("--limit,-l", text_, "How many");
  }

  CLI::App root_;
  std::string text_;
};

TEST_F(CompletionTest, EveryShellKnowsCommandsAndFlags) {
  for (const std::string& script : {BashCompletion(root_), ZshCompletion(root_), FishCompletion(root_)}) {
    EXPECT_THAT(script, HasSubstr("profile"));
    EXPECT_THAT(script, HasSubstr("limit"));
    EXPECT_THAT(script, HasSubstr("address"));
  }
}

TEST_F(CompletionTest, BashCompletesNestedCommands) {
  const std::string path = ::testing::TempDir() + "tokenctl_completion.bash";
  std::ofstream(path) << BashCompletion(root_) << R"(
COMP_WORDS=(tokenctl profile l); COMP_CWORD=2; _tokenctl; [[ "${COMPREPLY[*]}" == ls ]] || exit 1
COMP_WORDS=(tokenctl profile ls --l); COMP_CWORD=3; _tokenctl; [[ "${COMPREPLY[*]}" == --limit ]] || exit 2
COMP_WORDS=(tokenctl --addr); COMP_CWORD=1; _tokenctl; [[ "${COMPREPLY[*]}" == --address ]] || exit 3
)";
  EXPECT_EQ(std::system(("bash " + path).c_str()), 0);
  std::remove(path.c_str());
}

TEST_F(CompletionTest, QuotesInDescriptionsDoNotBreakTheScript) {
  EXPECT_THAT(FishCompletion(root_), HasSubstr("'Where its at'"));
}

}  // namespace
}  // namespace tokenbroker::cli
