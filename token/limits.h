// What a limited token still allows: its caveats, and what they mean together.
//
// Each caveat takes something away; all hold together, in any order. As text, one after the other, without separators:
//
//   A m            only the actions of the mask m, one base 62 digit: the sum of 1 heartbeat, 2 succeed, 4 fail, 8 read
//   B tttttt       only before this time: Unix seconds, six base 62 digits
//   E n (l name)*  fail only with one of these n errors, each of l characters of [A-Za-z0-9._-]; n and l are one base
//                  62 digit each, at least 1
//
// A token may carry up to 16. A kind that is not known makes the token unknown: a newer kind must not be ignored.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace tokenbroker::token {

enum Action : uint8_t { kHeartbeat = 1, kSucceed = 2, kFail = 4, kRead = 8 };
using Actions = uint8_t;
inline constexpr Actions kAllActions = 15;
// "heartbeat", "succeed", "fail", "read".
std::string_view NameOf(Action action);

inline constexpr int kMaxCaveats = 16;
inline constexpr int64_t kForever = std::numeric_limits<int64_t>::max();

struct Caveat {
  // As it stands in the token.
  std::string_view text;
  Actions actions = kAllActions;
  // Unix seconds.
  int64_t before = kForever;
  // Empty: any.
  std::vector<std::string_view> errors;
};

// Takes the first caveat off `rest`. False if there is no valid one.
bool TakeCaveat(std::string_view& rest, Caveat& caveat);

// --- Making them ---

std::string OnlyActions(Actions actions);
// INVALID_ARGUMENT if it is not between 1970 and the year 3769.
absl::StatusOr<std::string> OnlyBefore(int64_t unix_seconds);
// INVALID_ARGUMENT for names of other characters or more than 61 of them, and for more than 61 or no names.
absl::StatusOr<std::string> OnlyErrors(absl::Span<const std::string> names);

// --- Reading them ---

// A view of valid caveats. Taking it apart is left to those who ask: a full token costs nothing.
class Limits {
 public:
  Limits() = default;
  // `caveats` was found to be valid, and lives as long as this.
  explicit Limits(std::string_view caveats) : caveats_(caveats) {}

  // A full token.
  bool none() const { return caveats_.empty(); }
  std::string_view caveats() const { return caveats_; }

  Actions actions() const;
  // Unix seconds; kForever if there is no such limit. At that time it is too late.
  int64_t before() const;
  // The errors that a failure may carry; nothing if it may carry any.
  std::optional<std::vector<std::string_view>> errors() const;

  // Why the action is not allowed, for people; empty if it is. `error` counts for kFail alone.
  std::string Refusal(Action action, std::string_view error, int64_t now_seconds) const;

 private:
  std::string_view caveats_;
};

}  // namespace tokenbroker::token
