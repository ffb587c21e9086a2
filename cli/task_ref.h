// Which task a command is about.
#pragma once

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "cli/settings.h"
#include "tokenbroker/v1/task.pb.h"

namespace tokenbroker::cli {

struct RefFlags {
  // A token, a task id (18 hexadecimal digits), or "-": a token on the first line of standard input.
  std::string positional;
  std::string token_file;
  std::string key;

  // In how many ways the task is named.
  int Count() const { return !positional.empty() + !token_file.empty() + !key.empty(); }
};

bool IsTaskId(const std::string& text);

// Takes the one that is given, else $TOKENBROKER_TOKEN, else $TOKENBROKER_TASK_ID. INVALID_ARGUMENT when there are
// several or none, or when the text cannot be a token (white space, control characters, more than 2,048 bytes); the
// message does not repeat the text.
absl::StatusOr<v1::TaskRef> ResolveRef(const RefFlags& flags, const std::string& name_space,
                                       const Environment& environment, int in);

// A reference by token, checked as above.
absl::StatusOr<v1::TaskRef> TokenRef(const std::string& token);

}  // namespace tokenbroker::cli
