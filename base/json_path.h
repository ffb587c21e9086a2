// A path to one value of a JSON document, in a small part of JSONPath (RFC 9535):
//
//   $                    the whole document
//   $.detail.orderId     names of [A-Za-z0-9_-]
//   $.items[0]           the first; no negative ones, no ranges
//   $['detail-type']     any name; in quotes, single or double, with \ before a quote or a backslash
//   $.orderId?           with a question mark at its end: the value need not be there
//
// No wildcards, filters, slices or "..": a path leads to one value or to none.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"

namespace tokenbroker {

inline constexpr size_t kMaxJsonPathBytes = 512;
inline constexpr size_t kMaxJsonPathSteps = 32;

struct JsonPath {
  // A member's name, or an item's place.
  using Step = std::variant<std::string, size_t>;

  std::vector<Step> steps;
  bool optional = false;

  // Whether the text is meant to be one.
  static bool Looks(std::string_view text) { return !text.empty() && text[0] == '$'; }
  // INVALID_ARGUMENT says what is wrong, and at which character (from 1).
  static absl::StatusOr<JsonPath> Parse(std::string_view text);
};

}  // namespace tokenbroker
