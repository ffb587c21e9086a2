#include "cli/output.h"

namespace tokenbroker::cli {

absl::StatusOr<Format> ParseFormat(const std::string& text) {
  if (text == "table") return Format::kTable;
  if (text == "json") return Format::kJson;
  if (text == "jsonl") return Format::kJsonLines;
  if (text == "id") return Format::kId;
  if (text == "token") return Format::kToken;
  if (text == "output") return Format::kOutput;
  return absl::InvalidArgumentError(
      "-o must be table, json, jsonl or id (issue: also token; get and await: also output)");
}

}  // namespace tokenbroker::cli
