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

// Empty, or which field is beyond which limit. A door may ask it before a task's outcome is accepted: what is beyond a
// limit will never reach the engine.
std::string BeyondLimits(const forward::Delivery& delivery);

}  // namespace tokenbroker::targets
