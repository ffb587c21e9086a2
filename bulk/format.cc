#include "bulk/format.h"

#include "absl/strings/match.h"

namespace tokenbroker::bulk {
namespace {

bool EndsWith(std::string_view text, std::string_view end) {
  return absl::EndsWithIgnoreCase(absl::string_view(text.data(), text.size()),
                                  absl::string_view(end.data(), end.size()));
}

}  // namespace

std::optional<Format> FormatOf(std::string_view file) {
  if (EndsWith(file, ".results.csv") || EndsWith(file, ".results.jsonl")) return std::nullopt;
  if (EndsWith(file, ".csv")) return Format::kCsv;
  if (EndsWith(file, ".jsonl") || EndsWith(file, ".ndjson")) return Format::kJsonLines;
  return std::nullopt;
}

std::string ResultsSuffix(Format format) { return format == Format::kCsv ? ".results.csv" : ".results.jsonl"; }

}  // namespace tokenbroker::bulk
