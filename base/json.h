// Checks JSON text that travels through the broker byte for byte.
#pragma once

#include <string_view>

#include "absl/status/status.h"

namespace tokenbroker {

// The deepest nesting of arrays and objects that is accepted.
inline constexpr int kMaxJsonDepth = 128;

// OK if `text` is exactly one JSON value (RFC 8259) in valid UTF-8, with at most kMaxJsonDepth levels; white space
// around it is allowed, a byte order mark is not. Names may repeat, numbers may be of any size: the broker does not
// read them. An escaped surrogate without its other half is refused, because no receiver could turn it into UTF-8.
// Otherwise INVALID_ARGUMENT; the text says what is wrong and where, as line and column (both from 1, in bytes) and
// offset, and never quotes the value. Allocates nothing unless it fails.
absl::Status CheckJson(std::string_view text);

}  // namespace tokenbroker
