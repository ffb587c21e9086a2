// How results are shown: -o table|json|jsonl, and forms that some commands add.
#pragma once

#include <initializer_list>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace tokenbroker::cli {

enum class Format {
  kTable,
  kJson,
  kJsonLines,
  // The id alone, or whatever else names the thing.
  kId,
  // issue, url: the token alone.
  kToken,
  // get, await: the task's output alone, verbatim.
  kOutput,
};

// Those of one command; none for a command whose output has one form only.
using Formats = std::vector<Format>;
Formats TableJsonAnd(std::initializer_list<Format> more);

// "-o must be table, json or jsonl", or that there is no -o.
std::string RuleOf(const Formats& formats);

// INVALID_ARGUMENT with the rule for a text that names none of `formats`.
absl::StatusOr<Format> ParseFormat(const std::string& text, const Formats& formats);

inline bool IsJsonFormat(Format format) { return format == Format::kJson || format == Format::kJsonLines; }

}  // namespace tokenbroker::cli
