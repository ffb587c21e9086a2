// What a breach names.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "server/contract/contract.h"

namespace tokenbroker::contract {

// The field of an output that breaks the schema, or "fine".
inline std::string FieldOf(std::string_view schema, std::string_view output) {
  const std::optional<Breach> breach = CheckOutput(schema, output);
  return breach.has_value() ? breach->field : "fine";
}

}  // namespace tokenbroker::contract
