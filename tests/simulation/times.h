#pragma once

#include "base/clock.h"

namespace tokenbroker::broker {

inline constexpr DurationMs kSecond = 1000;
inline constexpr DurationMs kMinute = 60 * kSecond;
inline constexpr DurationMs kHour = 60 * kMinute;

}  // namespace tokenbroker::broker
