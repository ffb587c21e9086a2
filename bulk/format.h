// The two forms of a file of outcomes, and what its results are called.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tokenbroker::bulk {

enum class Format { kJsonLines, kCsv };

// By the end of a file's name: .csv, .jsonl or .ndjson, in capitals or not. Nothing for other names, and for the names
// that results have.
std::optional<Format> FormatOf(std::string_view file);

// ".results.jsonl" or ".results.csv": the results of "a.csv" stand beside it in "a.csv.results.csv".
std::string ResultsSuffix(Format format);

}  // namespace tokenbroker::bulk
