// A strict reader of the two text forms of metrics, in place of `promtool check metrics`: it refuses what Prometheus
// would refuse, and some of what it would only frown at.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "server/telemetry/metrics.h"

namespace tokenbroker {

struct ParsedSample {
  std::string name;
  // As they stand, with their braces: {method="a",code="OK"}
  std::string labels;
  double value = 0;
};

struct ParsedFamily {
  std::string type;
  std::string help;
  std::vector<ParsedSample> samples;
};

// By the family's name. The error names the line.
absl::StatusOr<std::map<std::string, ParsedFamily>> ParseExposition(const std::string& text, Exposition exposition);

}  // namespace tokenbroker
