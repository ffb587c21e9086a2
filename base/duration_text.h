// Spans of time as people write and read them, in the settings and on the command line alike: "1h30m".
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "base/clock.h"

namespace tokenbroker {

// Whole numbers with the units w, d, h, m, s and ms, each unit once at most, the largest first; or 0. INVALID_ARGUMENT
// says how it should look; it meets more than 100 years, too.
absl::StatusOr<DurationMs> ParseDuration(std::string_view text);

// The shortest exact text that ParseDuration reads back: 90000 is "1m30s". A negative span has a minus in front.
std::string FormatDuration(DurationMs span);

// Exact as well, in the largest unit up to days that needs no fraction, as limits are written: 90000 is "90s".
std::string DurationInOneUnit(DurationMs span);

// Its one or two largest units, for tables: "2h5m", "3d", "0s".
std::string RoundDuration(DurationMs span);

}  // namespace tokenbroker
