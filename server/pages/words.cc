#include "server/pages/words.h"

#include <cstdlib>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

namespace tokenbroker::pages {
namespace {

std::string Format(const char* form, TimeMs time) {
  return absl::FormatTime(form, absl::FromUnixMillis(time), absl::UTCTimeZone());
}

std::string Counted(int64_t count, const char* unit) { return absl::StrCat(count, " ", unit, count == 1 ? "" : "s"); }

// Its largest unit, rounded down.
std::string SpanWords(DurationMs span) {
  const int64_t minutes = span / 60'000;
  if (minutes < 1) return "less than a minute";
  if (minutes < 60) return Counted(minutes, "minute");
  if (minutes < 48 * 60) return Counted(minutes / 60, "hour");
  return Counted(minutes / (24 * 60), "day");
}

}  // namespace

std::string TimeWords(TimeMs time) { return Format("%-d %b %Y, %H:%M UTC", time); }
std::string TimeStamp(TimeMs time) { return Format("%Y-%m-%dT%H:%M:%SZ", time); }

std::string Relative(TimeMs time, TimeMs now) {
  if (time > now) return absl::StrCat("in ", SpanWords(time - now));
  if (now - time < 60'000) return "just now";
  return absl::StrCat(SpanWords(now - time), " ago");
}

std::string_view StateWords(storage::TaskState state) {
  switch (state) {
    case storage::TaskState::kWaiting:
      return "Waiting for a decision";
    case storage::TaskState::kSucceeded:
      return "Approved";
    case storage::TaskState::kFailed:
      return "Declined";
    case storage::TaskState::kExpired:
      return "Expired";
    case storage::TaskState::kCancelled:
      return "Cancelled";
    case storage::TaskState::kSuperseded:
      return "Replaced";
  }
  return "Unknown";
}

std::string WhoWords(std::string_view resolved_by) {
  const absl::string_view who(resolved_by.data(), resolved_by.size());
  if (who == "token") return "whoever held the link or its token";
  if (who == "anonymous") return "somebody (this broker asks nobody who they are)";
  if (who == "broker") return "the broker itself";
  if (absl::StartsWith(who, "key:")) return absl::StrCat("API key ", who.substr(4));
  if (absl::StartsWith(who, "cert:")) return absl::StrCat("certificate ", who.substr(5));
  if (absl::StartsWith(who, "aws:")) return absl::StrCat("AWS access key ", who.substr(4));
  if (absl::StartsWith(who, "drop:")) return absl::StrCat("file drop ", who.substr(5));
  return std::string(resolved_by);
}

}  // namespace tokenbroker::pages
