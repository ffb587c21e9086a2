// google.protobuf.Timestamp and Duration as proto3 JSON writes them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tokenbroker::json {

// Seconds and nanoseconds, both of the same sign in a duration; nanoseconds never negative in a time.
struct Moment {
  int64_t seconds = 0;
  int32_t nanos = 0;
};

inline constexpr std::string_view kTimestampRule =
    "must be a time like \"2026-01-31T10:00:00Z\" (RFC 3339), of the years 1 to 9999";
inline constexpr std::string_view kDurationRule =
    "must be a duration in seconds like \"30s\" or \"1.5s\", of at most 315576000000s";

// RFC 3339 with capital T and Z or an offset, at most 9 digits of a second. False if it is no such time.
bool ParseTimestamp(std::string_view text, Moment& out);
// "-1.5s": at most 9 digits of a second. False if it is no such duration.
bool ParseDuration(std::string_view text, Moment& out);

// False if the moment is out of the range that the well-known types have; then nothing is written. With 0, 3, 6 or 9
// digits of a second.
bool AppendTimestamp(const Moment& time, std::string& out);
bool AppendDuration(const Moment& duration, std::string& out);

}  // namespace tokenbroker::json
