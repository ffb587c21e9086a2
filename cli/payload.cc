#include "cli/payload.h"

#include "base/status_macros.h"
#include "cli/file.h"
#include "cli/json.h"

namespace tokenbroker::cli {

absl::StatusOr<std::string> ReadText(const std::string& argument, int in) {
  if (argument == "-") return ReadAll(in);
  if (!argument.empty() && argument[0] == '@') return ReadFile(argument.substr(1));
  return argument;
}

absl::StatusOr<std::string> ReadJson(const std::string& flag, const std::string& argument, int in) {
  TB_ASSIGN_OR_RETURN(const std::string text, ReadText(argument, in));
  std::string json = Trim(text);
  if (IsJson(json)) return json;
  return absl::InvalidArgumentError(flag + " is not one JSON value; a bare word needs quotes of its own, as in " +
                                    flag + " '\"done\"'");
}

}  // namespace tokenbroker::cli
