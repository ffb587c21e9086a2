#include "cli/callback_url.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "base/shown_word.h"
#include "base/status_macros.h"
#include "cli/time_text.h"
#include "token/limited_token.h"
#include "token/limits.h"

namespace tokenbroker::cli {
namespace {

constexpr char kFailWith[] = "fail=";

struct Only {
  token::Actions actions = 0;
  std::vector<std::string> errors;
  bool any_error = false;
};

absl::Status Add(const std::string& name, Only& only) {
  for (const token::Action action : {token::kHeartbeat, token::kSucceed, token::kFail, token::kRead}) {
    if (name != token::NameOf(action)) continue;
    only.actions |= action;
    only.any_error |= action == token::kFail;
    return absl::OkStatus();
  }
  if (name.rfind(kFailWith, 0) != 0) {
    return absl::InvalidArgumentError("--only takes heartbeat, succeed, fail, fail=ERROR or read, not " + Shown(name));
  }
  only.actions |= token::kFail;
  only.errors.push_back(name.substr(sizeof kFailWith - 1));
  return absl::OkStatus();
}

absl::StatusOr<TimeMs> ParseBefore(const std::string& text, TimeMs now) {
  absl::Time time;
  std::string error;
  if (absl::ParseTime(absl::RFC3339_full, text, &time, &error)) return absl::ToUnixMillis(time);
  const absl::StatusOr<DurationMs> span = ParseDuration(text);
  if (span.ok()) return now + *span;
  return absl::InvalidArgumentError("--before takes a span such as 2h or a time such as 2026-01-31T12:00:00Z, not " +
                                    Shown(text));
}

absl::Status AddOnly(const std::vector<std::string>& names, std::vector<std::string>& caveats) {
  if (names.empty()) return absl::OkStatus();
  Only only;
  for (const std::string& name : names) TB_RETURN_IF_ERROR(Add(name, only));
  caveats.push_back(token::OnlyActions(only.actions));
  if (only.errors.empty() || only.any_error) return absl::OkStatus();
  TB_ASSIGN_OR_RETURN(const std::string errors, token::OnlyErrors(only.errors));
  caveats.push_back(errors);
  return absl::OkStatus();
}

bool IsUnreserved(char c) { return absl::ascii_isalnum(c) || c == '-' || c == '.' || c == '_' || c == '~'; }

std::string Escaped(const std::string& text) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    IsUnreserved(c) ? out.push_back(c)
                    : absl::StrAppend(&out, "%", std::string{kDigits[byte >> 4], kDigits[byte & 15]});
  }
  return out;
}

}  // namespace

absl::StatusOr<std::string> LimitToken(const std::string& token, const UrlLimits& limits, TimeMs now) {
  std::vector<std::string> caveats;
  TB_RETURN_IF_ERROR(AddOnly(limits.only, caveats));
  if (!limits.before.empty()) {
    TB_ASSIGN_OR_RETURN(const TimeMs before, ParseBefore(limits.before, now));
    if (before <= now) return absl::InvalidArgumentError("--before is over already: the URL would be good for nothing");
    TB_ASSIGN_OR_RETURN(const std::string caveat, token::OnlyBefore(before / 1000));
    caveats.push_back(caveat);
  }
  if (caveats.empty()) return token;
  return token::Limit(token, caveats);
}

absl::Status CheckAction(const UrlLimits& limits, const std::string& action) {
  const auto allows = [&](const std::string& only) {
    return only == action || (action == "fail" && only.rfind(kFailWith, 0) == 0);
  };
  if (action.empty() || limits.only.empty() || std::any_of(limits.only.begin(), limits.only.end(), allows)) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError("--only does not allow what --to is for; the URL would be good for nothing");
}

absl::StatusOr<std::string> CallbackUrl(const std::string& base, const std::string& token, const std::string& action) {
  const bool http = base.rfind("http://", 0) == 0 || base.rfind("https://", 0) == 0;
  const size_t host = base.find("//") + 2;
  if (!http || host >= base.size() || base[host] == '/' || base.find_first_of("?# \t\r\n") != std::string::npos) {
    return absl::InvalidArgumentError("the base URL must be like https://broker.example:8433, not " + Shown(base));
  }
  if (!action.empty() && action != "succeed" && action != "fail" && action != "heartbeat") {
    return absl::InvalidArgumentError("--to takes succeed, fail or heartbeat, not " + Shown(action));
  }
  std::string url = base.substr(0, base.find_last_not_of('/') + 1);
  absl::StrAppend(&url, "/c/", Escaped(token), action.empty() ? "" : "/", action);
  return url;
}

}  // namespace tokenbroker::cli
