#include "base/duration_text.h"

#include <array>
#include <limits>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace tokenbroker {
namespace {

struct Unit {
  std::string_view name;
  DurationMs ms;
};

constexpr DurationMs kSecond = 1'000;
constexpr DurationMs kDay = 24 * 3'600 * kSecond;
constexpr DurationMs kLongest = 100 * 366 * kDay;
constexpr std::array<Unit, 6> kUnits = {
    {{"w", 7 * kDay}, {"d", kDay}, {"h", 3'600 * kSecond}, {"m", 60 * kSecond}, {"s", kSecond}, {"ms", 1}}};

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
  const std::string_view taken = text.substr(0, length);
  text.remove_prefix(length);
  return taken;
}

// Takes "30m" off `text`. False if there is none, or its unit is not smaller than `previous`, or it is too long.
bool TakePart(std::string_view& text, DurationMs& total, DurationMs& previous) {
  const std::string_view digits = Take(text, absl::ascii_isdigit);
  const Unit* const unit = FindUnit(Take(text, absl::ascii_isalpha));
  DurationMs count;
  if (unit == nullptr || unit->ms >= previous ||
      !absl::SimpleAtoi(absl::string_view(digits.data(), digits.size()), &count))
    return false;
  if (count > (kLongest - total) / unit->ms) return false;
  total += count * unit->ms;
  previous = unit->ms;
  return true;
}

// At most so many units, none below `smallest`.
std::string InUnits(DurationMs span, DurationMs smallest, int most) {
  if (span < 0) return "-" + InUnits(-span, smallest, most);
  std::string text;
  for (const Unit& unit : kUnits) {
    if (unit.ms < smallest || most == 0) break;
    const DurationMs count = span / unit.ms;
    if (count == 0) continue;
    absl::StrAppend(&text, count, absl::string_view(unit.name.data(), unit.name.size()));
    span %= unit.ms;
    --most;
  }
  return text.empty() ? "0s" : text;
}

}  // namespace

absl::StatusOr<DurationMs> ParseDuration(std::string_view text) {
  if (text == "0") return 0;
  DurationMs total = 0;
  DurationMs previous = std::numeric_limits<DurationMs>::max();
  bool good = !text.empty();
  while (good && !text.empty()) good = TakePart(text, total, previous);
  if (good) return total;
  return absl::InvalidArgumentError("must be a duration such as 250ms, 30s, 10m, 1h30m, 7d or 1w");
}

std::string FormatDuration(DurationMs span) { return InUnits(span, 1, kUnits.size()); }

std::string DurationInOneUnit(DurationMs span) {
  if (span == 0) return "0";
  for (const Unit& unit : kUnits) {
    if (unit.ms > kDay || span % unit.ms != 0) continue;
    return absl::StrCat(span / unit.ms, absl::string_view(unit.name.data(), unit.name.size()));
  }
  return "";  // the smallest unit always fits
}

std::string RoundDuration(DurationMs span) {
  const bool small = span > -kSecond && span < kSecond;
  return small ? InUnits(span, 1, 1) : InUnits(span, kSecond, 2);
}

}  // namespace tokenbroker
