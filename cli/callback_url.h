// Callback URLs, made without the broker. docs/callbacks.md says what can be done with one.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/clock.h"

namespace tokenbroker::cli {

struct UrlLimits {
  // "heartbeat", "succeed", "fail", "fail=ERROR", "read". Empty: whatever the token can do.
  std::vector<std::string> only;
  // A span from now ("2h") or a time ("2026-01-31T12:00:00Z"). Empty: none.
  std::string before;
};

// The token, narrowed; as it is if there are no limits. INVALID_ARGUMENT for limits that cannot be read or are over, or
// a token that cannot be limited.
absl::StatusOr<std::string> LimitToken(const std::string& token, const UrlLimits& limits, TimeMs now);

// INVALID_ARGUMENT if the limits do not allow what the URL is for.
absl::Status CheckAction(const UrlLimits& limits, const std::string& action);

// BASE/c/TOKEN, and what is to be done behind it: "succeed", "fail", "heartbeat", or nothing for the page.
// INVALID_ARGUMENT if `base` is no http or https URL, or has a query.
absl::StatusOr<std::string> CallbackUrl(const std::string& base, const std::string& token, const std::string& action);

}  // namespace tokenbroker::cli
