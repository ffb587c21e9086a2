// Spans and points in time, as people write and read them.
#pragma once

#include <google/protobuf/duration.pb.h>
#include <google/protobuf/timestamp.pb.h>

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "base/clock.h"

namespace tokenbroker::cli {

// Reads "10ms", "30s", "5m", "2h", "3d", "1w" and sums of them, largest unit first: "1h30m". INVALID_ARGUMENT with an
// example for anything else, and for more than 100 years.
absl::StatusOr<DurationMs> ParseDuration(std::string_view text);

// The shortest exact text that ParseDuration reads back: 90000 is "1m30s".
std::string FormatDuration(DurationMs span);

// Its one or two largest units, for tables: "2h5m", "3d", "0s".
std::string RoundDuration(DurationMs span);

// "5m ago", "in 2h", "now".
std::string Relative(TimeMs now, TimeMs then);

// RFC 3339 in UTC with milliseconds: "2026-01-31T12:00:00.000Z".
std::string FormatTime(TimeMs time);

TimeMs ToMs(const google::protobuf::Timestamp& time);
DurationMs ToMs(const google::protobuf::Duration& span);
google::protobuf::Duration ToProto(DurationMs span);

}  // namespace tokenbroker::cli
