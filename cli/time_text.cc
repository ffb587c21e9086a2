#include "cli/time_text.h"

#include <array>
#include <cstdio>
#include <ctime>

#include "base/shown_word.h"

namespace tokenbroker::cli {
namespace {

constexpr DurationMs kSecond = 1000;

}  // namespace

absl::StatusOr<DurationMs> ParseDuration(std::string_view text) {
  const absl::StatusOr<DurationMs> span = tokenbroker::ParseDuration(text);
  if (span.ok()) return span;
  return absl::InvalidArgumentError(Shown(text) +
                                    " is not a duration; write it like 10ms, 30s, 5m, 2h, 7d, 1w or 1h30m");
}

std::string Relative(TimeMs now, TimeMs then) {
  const DurationMs span = then - now;
  if (span > -kSecond && span < kSecond) return "now";
  return span < 0 ? RoundDuration(-span) + " ago" : "in " + RoundDuration(span);
}

std::string FormatTime(TimeMs time) {
  TimeMs ms = time % 1000;
  if (ms < 0) ms += 1000;
  const auto seconds = static_cast<time_t>((time - ms) / 1000);
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  std::array<char, 64> text{};
  const size_t length = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &utc);
  std::snprintf(text.data() + length, text.size() - length, ".%03dZ", static_cast<int>(ms));
  return text.data();
}

TimeMs ToMs(const google::protobuf::Timestamp& time) { return time.seconds() * 1000 + time.nanos() / 1'000'000; }

DurationMs ToMs(const google::protobuf::Duration& span) { return span.seconds() * 1000 + span.nanos() / 1'000'000; }

google::protobuf::Duration ToProto(DurationMs span) {
  google::protobuf::Duration proto;
  proto.set_seconds(span / 1000);
  proto.set_nanos(static_cast<int32_t>(span % 1000) * 1'000'000);
  return proto;
}

}  // namespace tokenbroker::cli
