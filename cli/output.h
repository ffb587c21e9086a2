// How results are shown: -o table|json|jsonl|id, and two forms that some commands add.
#pragma once

#include <optional>
#include <string>

#include "absl/status/statusor.h"

namespace tokenbroker::cli {

enum class Format {
  kTable,
  kJson,
  kJsonLines,
  kId,
  // issue: the token alone.
  kToken,
  // get, await: the task's output alone, verbatim.
  kOutput,
};

absl::StatusOr<Format> ParseFormat(const std::string& text);

inline bool IsJsonFormat(Format format) { return format == Format::kJson || format == Format::kJsonLines; }

}  // namespace tokenbroker::cli
