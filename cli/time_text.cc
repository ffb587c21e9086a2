#include "cli/time_text.h"

#include <array>
#include <cctype>
#include <cstdio>
#include <ctime>
#include <limits>

#include "base/shown_word.h"

namespace tokenbroker::cli {
namespace {

struct Unit {
  std::string_view name;
  DurationMs ms;
};

constexpr DurationMs kSecond = 1000;
constexpr DurationMs kDay = 24 * 60 * 60 * kSecond;
constexpr DurationMs kLongest = 100 * 366 * kDay;
constexpr std::array<Unit, 6> kUnits = {
    {{"w", 7 * kDay}, {"d", kDay}, {"h", 3600 * kSecond}, {"m", 60 * kSecond}, {"s", kSecond}, {"ms", 1}}};

absl::Status BadDuration(std::string_view text) {
  return absl::InvalidArgumentError(Shown(text) +
                                    " is not a duration; write it like 10ms, 30s, 5m, 2h, 7d, 1w or 1h30m");
}

const Unit* FindUnit(std::string_view name) {
  for (const Unit& unit : kUnits) {
    if (unit.name == name) return &unit;
  }
  return nullptr;
}

// Takes the leading characters that satisfy `wanted` off `text`.
template <typename Predicate>
std::string_view Take(std::string_view& text, Predicate wanted) {
  size_t length = 0;
  while (length < text.size() && wanted(static_cast<unsigned char>(text[length]))) ++length;
  std::string_view taken = text.substr(0, length);
  text.remove_prefix(length);
  return taken;
}

std::string Units(DurationMs span, DurationMs smallest, int most) {
  std::string text;
  for (const Unit& unit : kUnits) {
    if (unit.ms < smallest || most == 0) break;
    const DurationMs count = span / unit.ms;
    if (count == 0) continue;
    text += std::to_string(count) + std::string(unit.name);
    span %= unit.ms;
    --most;
  }
  return text.empty() ? "0s" : text;
}

}  // namespace

absl::StatusOr<DurationMs> ParseDuration(std::string_view text) {
  if (text == "0") return 0;
  std::string_view rest = text;
  DurationMs total = 0;
  DurationMs previous = std::numeric_limits<DurationMs>::max();
  while (!rest.empty()) {
    const std::string_view digits = Take(rest, [](unsigned char c) { return std::isdigit(c) != 0; });
    const Unit* unit = FindUnit(Take(rest, [](unsigned char c) { return std::isalpha(c) != 0; }));
    if (digits.empty() || digits.size() > 13 || unit == nullptr || unit->ms >= previous) return BadDuration(text);
    const DurationMs count = std::stoll(std::string(digits));
    if (count > (kLongest - total) / unit->ms) return BadDuration(text);
    total += count * unit->ms;
    previous = unit->ms;
  }
  if (text.empty()) return BadDuration(text);
  return total;
}

std::string FormatDuration(DurationMs span) {
  if (span < 0) return "-" + FormatDuration(-span);
  return Units(span, 1, static_cast<int>(kUnits.size()));
}

std::string RoundDuration(DurationMs span) {
  if (span < 0) return "-" + RoundDuration(-span);
  if (span < kSecond) return Units(span, 1, 1);
  return Units(span, kSecond, 2);
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
