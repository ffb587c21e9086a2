// Limits of the contract that more than one part keeps. Those of tokens, errors and causes are Step Functions', so that
// what its clients may send fits: "Length Constraints" in AWS's API reference of SendTaskSuccess and SendTaskFailure.
// AWS counts characters, the contract bytes of UTF-8.
#pragma once

#include <cstddef>

#include "base/clock.h"

namespace tokenbroker {

inline constexpr size_t kMaxToken = 2'048;
inline constexpr size_t kMaxError = 256;
inline constexpr size_t kMaxCause = 32'768;

// Of tasks and their heartbeats. An execution at AWS ends after a year; this is a leap year.
inline constexpr DurationMs kMinTimeout = 10;
inline constexpr DurationMs kMaxTimeout = DurationMs{366} * 24 * 3'600 * 1'000;

}  // namespace tokenbroker
