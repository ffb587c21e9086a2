// What Step Functions takes, checked before it is asked. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "server/forward/outcome_target.h"

namespace tokenbroker::targets {

inline constexpr size_t kMaxTaskToken = 2'048;  // characters
inline constexpr size_t kMaxOutput = 262'144;   // bytes of UTF-8
inline constexpr size_t kMaxError = 256;        // characters
inline constexpr size_t kMaxCause = 32'768;     // characters

// Empty, or which field is beyond which limit: what is beyond one would never be taken, and becomes a dead letter
// without being sent.
std::string BeyondLimits(const forward::Delivery& delivery);

}  // namespace tokenbroker::targets
