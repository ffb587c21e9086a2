#include "cli/completion.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "cli/command.h"

namespace tokenbroker::cli {
namespace {

using ::testing::HasSubstr;

class CompletionTest : public ::testing::Test {
 protected:
  CompletionTest() {
    root_.add_option("--address", text_, "Where it's at");
    root_.add_option("--format,-o", text_, "Form")->type_name("table|json");
    AsFile(root_.add_option("--key-file", text_, "Key"));
    AsFile(root_.add_subcommand("bulk", "Many")->add_option("FILE", text_, "Rows"));
    root_.add_subcommand("list", "Tasks")->add_option("--state", text_, "State")->type_name("waiting|failed");
    root_.add_subcommand("help", "Help")->add_option("TOPIC", text_, "Topic");
    root_.add_subcommand("completion", "Script")->add_option("SHELL", text_)->check(CLI::IsMember({"bash", "zsh"}));
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
COMP_WORDS=(tokenctl list -o j); COMP_CWORD=3; _tokenctl; [[ "${COMPREPLY[*]}" == json ]] || exit 4
COMP_WORDS=(tokenctl list --state ""); COMP_CWORD=3; _tokenctl; [[ "${COMPREPLY[*]}" == "waiting failed" ]] || exit 5
COMP_WORDS=(tokenctl help ex); COMP_CWORD=2; _tokenctl; [[ "${COMPREPLY[*]}" == exit-codes ]] || exit 6
COMP_WORDS=(tokenctl completion z); COMP_CWORD=2; _tokenctl; [[ "${COMPREPLY[*]}" == zsh ]] || exit 7
cd / || exit 8
COMP_WORDS=(tokenctl bulk us); COMP_CWORD=2; _tokenctl; [[ "${COMPREPLY[*]}" == usr ]] || exit 9
COMP_WORDS=(tokenctl list --key-file us); COMP_CWORD=3; _tokenctl; [[ "${COMPREPLY[*]}" == usr ]] || exit 10
)";
  EXPECT_EQ(std::system(("bash " + path).c_str()), 0);
  std::remove(path.c_str());
}

// What a real fish offers for each of these, a line each.
std::string CompletedByFish(const std::string& script, const std::vector<std::string>& lines) {
  const std::string path = ::testing::TempDir() + "tokenctl_completion.fish";
  std::ofstream file(path);
  file << script;
  for (const std::string& line : lines) file << "echo (complete -C '" << line << "' | string split -f1 \\t)\n";
  file.close();
  FILE* const shell = popen(("cd / && fish --no-config " + path).c_str(), "r");
  std::string shown;
  for (int c; (c = fgetc(shell)) != EOF;) shown += static_cast<char>(c);
  EXPECT_EQ(pclose(shell), 0) << "is fish installed?";
  std::remove(path.c_str());
  return shown;
}

TEST_F(CompletionTest, FishCompletesNestedCommands) {
  CLI::App* queue = root_.add_subcommand("queue", "Queues");
  queue->add_subcommand("list", "Queues")->add_option("--deep", text_, "Deep");
  EXPECT_EQ(CompletedByFish(
                FishCompletion(root_),
                {"tokenctl pro", "tokenctl profile ", "tokenctl profile ls --l", "tokenctl list -o j",
                 "tokenctl list --state ", "tokenctl list --d", "tokenctl queue list --d", "tokenctl queue list --s",
                 "tokenctl completion z", "tokenctl bulk us", "tokenctl --key-file us", "tokenctl --address us"}),
            "profile\nls\n--limit\njson\nfailed waiting\n\n--deep\n\nzsh\nusr/\nusr/\n\n");
}

TEST_F(CompletionTest, FishKnowsValuesAndFiles) {
  const std::string script = FishCompletion(root_);
  EXPECT_THAT(script, HasSubstr("-l format -s o -x -a 'table json'"));
  EXPECT_THAT(script, HasSubstr("-l key-file -r -F"));
  EXPECT_THAT(script, HasSubstr("-a 'bash zsh'"));
}

TEST_F(CompletionTest, QuotesInDescriptionsDoNotBreakTheScript) {
  EXPECT_THAT(FishCompletion(root_), HasSubstr(R"('Where it\'s at')"));
}

}  // namespace
}  // namespace tokenbroker::cli
