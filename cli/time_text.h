// Spans and points in time, as people write and read them.
#pragma once

#include <google/protobuf/duration.pb.h>
#include <google/protobuf/timestamp.pb.h>

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "base/duration_text.h"

namespace tokenbroker::cli {

// As base/duration_text.h has it, with an error that shows what was written.
absl::StatusOr<DurationMs> ParseDuration(std::string_view text);

// "5m ago", "in 2h", "now".
std::string Relative(TimeMs now, TimeMs then);

// RFC 3339 in UTC with milliseconds: "2026-01-31T12:00:00.000Z".
std::string FormatTime(TimeMs time);

TimeMs ToMs(const google::protobuf::Timestamp& time);
DurationMs ToMs(const google::protobuf::Duration& span);
google::protobuf::Duration ToProto(DurationMs span);

}  // namespace tokenbroker::cli
