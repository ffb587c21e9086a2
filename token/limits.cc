#include "token/limits.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "token/base62.h"

namespace tokenbroker::token {
namespace {

constexpr int kTimeDigits = 6;
constexpr int64_t kLastTime = 56'800'235'583;  // 62^6 - 1
constexpr size_t kMaxNames = 61;
constexpr size_t kMaxName = 61;

bool IsNameCharacter(char c) { return Base62Digit(c) >= 0 || c == '.' || c == '_' || c == '-'; }

bool IsName(std::string_view name) {
  return !name.empty() && name.size() <= kMaxName && std::all_of(name.begin(), name.end(), IsNameCharacter);
}

// The digit at the front, taken off; -1 if there is none.
int TakeDigit(std::string_view& rest) {
  if (rest.empty()) return -1;
  const int digit = Base62Digit(rest.front());
  rest.remove_prefix(1);
  return digit;
}

bool TakeActions(std::string_view& rest, Caveat& caveat) {
  const int mask = TakeDigit(rest);
  caveat.actions = static_cast<Actions>(mask);
  return mask > 0 && mask <= kAllActions;
}

bool TakeTime(std::string_view& rest, Caveat& caveat) {
  uint64_t seconds = 0;
  if (rest.size() < kTimeDigits || !ParseBase62(rest.substr(0, kTimeDigits), kLastTime, seconds)) return false;
  rest.remove_prefix(kTimeDigits);
  caveat.before = static_cast<int64_t>(seconds);
  return true;
}

bool TakeErrors(std::string_view& rest, Caveat& caveat) {
  const int count = TakeDigit(rest);
  for (int i = 0; i < count; ++i) {
    const int size = TakeDigit(rest);
    if (size <= 0 || static_cast<size_t>(size) > rest.size() || !IsName(rest.substr(0, size))) return false;
    caveat.errors.push_back(rest.substr(0, size));
    rest.remove_prefix(size);
  }
  return count > 0;
}

// Calls `use` with each caveat.
template <typename Use>
void ForEach(std::string_view caveats, Use use) {
  for (Caveat caveat; !caveats.empty() && TakeCaveat(caveats, caveat);) use(caveat);
}

std::string Joined(const std::vector<std::string_view>& texts, std::string_view between) {
  std::string all;
  for (const std::string_view text : texts) all.append(all.empty() ? "" : between).append(text);
  return all;
}

// "succeed, fail with Rejected or Late, read"
std::string Described(Actions actions, const std::optional<std::vector<std::string_view>>& errors) {
  std::string all;
  for (const Action action : {kHeartbeat, kSucceed, kFail, kRead}) {
    if ((actions & action) == 0) continue;
    all.append(all.empty() ? "" : ", ").append(NameOf(action));
    if (action == kFail && errors.has_value()) all.append(" with ").append(Joined(*errors, " or "));
  }
  return all.empty() ? "nothing" : all;
}

std::string Rfc3339(int64_t unix_seconds) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", absl::FromUnixSeconds(unix_seconds), absl::UTCTimeZone());
}

}  // namespace

std::string_view NameOf(Action action) {
  switch (action) {
    case kHeartbeat:
      return "heartbeat";
    case kSucceed:
      return "succeed";
    case kFail:
      return "fail";
    case kRead:
      return "read";
  }
  return "";
}

bool TakeCaveat(std::string_view& rest, Caveat& caveat) {
  caveat = {};
  if (rest.empty()) return false;
  const std::string_view whole = rest;
  const char kind = rest.front();
  rest.remove_prefix(1);
  const bool ok = kind == 'A'   ? TakeActions(rest, caveat)
                  : kind == 'B' ? TakeTime(rest, caveat)
                  : kind == 'E' ? TakeErrors(rest, caveat)
                                : false;
  caveat.text = whole.substr(0, whole.size() - rest.size());
  return ok;
}

std::string OnlyActions(Actions actions) { return {'A', kBase62[actions & kAllActions]}; }

absl::StatusOr<std::string> OnlyBefore(int64_t unix_seconds) {
  if (unix_seconds < 0 || unix_seconds > kLastTime) return absl::InvalidArgumentError("the time is out of range");
  std::string caveat = "B";
  AppendBase62(static_cast<uint64_t>(unix_seconds), kTimeDigits, caveat);
  return caveat;
}

absl::StatusOr<std::string> OnlyErrors(absl::Span<const std::string> names) {
  if (names.empty() || names.size() > kMaxNames) {
    return absl::InvalidArgumentError(absl::StrCat("a token can be limited to 1 to ", kMaxNames, " errors"));
  }
  std::string caveat = {'E', kBase62[names.size()]};
  for (const std::string& name : names) {
    if (!IsName(name)) {
      return absl::InvalidArgumentError(
          absl::StrCat("a token can be limited to errors of 1 to ", kMaxName, " characters of [A-Za-z0-9._-] only"));
    }
    caveat.push_back(kBase62[name.size()]);
    caveat += name;
  }
  return caveat;
}

Actions Limits::actions() const {
  Actions left = kAllActions;
  ForEach(caveats_, [&](const Caveat& caveat) { left &= caveat.actions; });
  if (const auto named = errors(); named.has_value() && named->empty()) left &= ~kFail;
  return left;
}

int64_t Limits::before() const {
  int64_t first = kForever;
  ForEach(caveats_, [&](const Caveat& caveat) { first = std::min(first, caveat.before); });
  return first;
}

std::optional<std::vector<std::string_view>> Limits::errors() const {
  std::optional<std::vector<std::string_view>> left;
  ForEach(caveats_, [&](const Caveat& caveat) {
    if (caveat.errors.empty()) return;
    if (!left.has_value()) {
      left = caveat.errors;
      return;
    }
    std::erase_if(*left, [&](std::string_view name) {
      return std::find(caveat.errors.begin(), caveat.errors.end(), name) == caveat.errors.end();
    });
  });
  return left;
}

std::string Limits::Refusal(Action action, std::string_view error, int64_t now_seconds) const {
  if (none()) return "";
  if (now_seconds >= before()) return absl::StrCat("the token is limited to calls before ", Rfc3339(before()));
  const auto allowed = errors();
  const bool named =
      action != kFail || !allowed.has_value() || std::find(allowed->begin(), allowed->end(), error) != allowed->end();
  if ((actions() & action) && named) return "";
  return absl::StrCat("the token is limited to: ", Described(actions(), allowed));
}

}  // namespace tokenbroker::token
