#include "server/sigv4/timestamp.h"

#include "absl/strings/ascii.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"

namespace tokenbroker::aws {

bool ParseTimestamp(std::string_view text, TimeMs& out) {
  if (text.size() != 16 || text[8] != 'T' || text[15] != 'Z') return false;
  int numbers[6] = {};
  constexpr struct {
    int at, digits;
  } kParts[6] = {{0, 4}, {4, 2}, {6, 2}, {9, 2}, {11, 2}, {13, 2}};
  for (int i = 0; i < 6; ++i) {
    for (const char c : text.substr(kParts[i].at, kParts[i].digits)) {
      if (!absl::ascii_isdigit(c)) return false;
      numbers[i] = numbers[i] * 10 + (c - '0');
    }
  }
  const absl::CivilSecond second(numbers[0], numbers[1], numbers[2], numbers[3], numbers[4], numbers[5]);
  out = absl::ToUnixMillis(absl::FromCivil(second, absl::UTCTimeZone()));
  // What had to be carried over was no such date.
  return FormatTimestamp(out) == text;
}

std::string FormatTimestamp(TimeMs time) {
  return absl::FormatTime("%Y%m%dT%H%M%SZ", absl::FromUnixMillis(time), absl::UTCTimeZone());
}

}  // namespace tokenbroker::aws
