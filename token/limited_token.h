// Limited tokens: made from a task token by whoever holds it, without the broker, and not to be widened again.
//
//   T1L  22 characters           caveats        22 characters
//        which token: its 3rd    limits.h       MAC over all of them
//        to 24th character
//
// The MAC is a chain, each link keyed by the one before, so a limited token can be limited further, and no caveat can
// be taken away, changed, moved or put in between:
//
//   MAC 0 = M(token, "T1L")        MAC i = M(MAC i-1, caveat i)
//
// where M(key, text) is the first 16 bytes of HMAC-SHA256, spelled as two groups of 11 base 62 digits, and keys are
// texts: all 40 characters of the token, then the 22 of each link. docs/token-format.md has the whole, with examples.
//
// Pure, thread-safe.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace tokenbroker::token {

inline constexpr size_t kFullLength = 40;
inline constexpr size_t kLocatorLength = 22;
inline constexpr size_t kMacLength = 22;
inline constexpr size_t kMaxLimitedLength = 512;

// Whether the text has the form of a full token, forged or not.
bool LooksFull(std::string_view text);
// Whether the text begins, is as long and is spelled as a limited token; its caveats may still be none.
bool LooksLimited(std::string_view text);

// Views into the text.
struct LimitedToken {
  std::string_view locator;
  std::string_view caveats;
  std::string_view mac;
};
// False if it is no limited token, forged or not.
bool Split(std::string_view text, LimitedToken& out);

// The MAC that the caveats must have on a token of these 40 characters. `caveats` must be valid.
std::string MacOf(std::string_view full, std::string_view caveats);

// Adds caveats to a token, full or limited. INVALID_ARGUMENT if it is neither (an upstream token cannot be limited),
// for a caveat that is none, and if they become too many.
absl::StatusOr<std::string> Limit(std::string_view token, absl::Span<const std::string> caveats);

}  // namespace tokenbroker::token
