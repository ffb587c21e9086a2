// The table of exit codes is printed and documented: twice the same.
#include "cli/exit_code.h"

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <regex>
#include <sstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace tokenbroker::cli {
namespace {

using Meanings = std::map<int, std::string>;

Meanings Documented() {
  std::ifstream file(TB_CLI_DOCUMENT);
  const std::regex row(R"(\| (\d+) \| (.*) \|)");
  Meanings meanings;
  std::smatch match;
  for (std::string line; std::getline(file, line);) {
    if (std::regex_match(line, match, row)) {
      meanings[std::stoi(match[1])] = absl::StrReplaceAll(match[2].str(), {{"`", ""}});
    }
  }
  return meanings;
}

Meanings Printed() {
  std::istringstream table(ExitCodeTable());
  const std::regex row(R"( {1,3}(\d+)  (.*))");
  const std::regex rest(R"( {6}(.*))");
  Meanings meanings;
  std::smatch match;
  for (std::string line; std::getline(table, line);) {
    if (std::regex_match(line, match, row)) {
      meanings[std::stoi(match[1])] = match[2];
    } else if (std::regex_match(line, match, rest)) {
      absl::StrAppend(&meanings.rbegin()->second, " ", match[1].str());
    }
  }
  return meanings;
}

TEST(ExitCode, TheTableIsTheDocumentedOne) {
  EXPECT_EQ(Printed().size(), kNotTaken + 1u);
  EXPECT_EQ(Printed(), Documented());
}

}  // namespace
}  // namespace tokenbroker::cli
