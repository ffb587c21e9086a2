// Times as signatures write them.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"

namespace tokenbroker::aws {

// "20150830T123600Z". False if it is no time of that form.
bool ParseTimestamp(std::string_view text, TimeMs& out);
std::string FormatTimestamp(TimeMs time);

}  // namespace tokenbroker::aws
