// What an outcome must look like to be accepted.
//
// Whoever writes a schema or an output must not be able to hurt the broker with it:
//   "pattern", "patternProperties"   are refused, and "format" is for people: regular expressions can be made to take
//   unbounded
//                                    time and stack
//   "$ref"                           may point into the schema itself only, and not in a circle
//   size                             the schema's values, with what it refers to, times the output's must not be above
//   a million
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

namespace tokenbroker::broker {

// OK if the text is a JSON Schema (draft 7) that this broker can check.
absl::Status CheckSchema(std::string_view schema);

struct ContractBreach {
  // "output#/total" (a JSON pointer into the output) or "error".
  std::string field;
  std::string message;
};

// Nothing if the output meets the schema.
std::optional<ContractBreach> CheckOutput(std::string_view schema, std::string_view output);

// Nothing if the error is in the list, or the list is empty.
std::optional<ContractBreach> CheckError(const std::vector<std::string_view>& allowed, std::string_view error);

}  // namespace tokenbroker::broker
