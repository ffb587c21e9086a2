// Signatures as https://www.standardwebhooks.com has them: HMAC-SHA256 over "<id>.<seconds>.<body>".
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "base/clock.h"
#include "server/outbound/http_client.h"

namespace tokenbroker::targets {

// Immutable; thread-safe. The secrets are never shown.
class WebhookSigner {
 public:
  // Each "whsec_" and base64 of 24 to 64 bytes. Several while one replaces another: each signs, receivers take any.
  // INVALID_ARGUMENT names the one that is none by its place, from 1.
  static absl::StatusOr<WebhookSigner> Make(absl::Span<const std::string> secrets);

  // webhook-id, webhook-timestamp and webhook-signature. `now` is the time of this try. Without a secret the first two.
  void AddHeaders(std::string_view id, TimeMs now, std::string_view body, outbound::HttpHeaders& headers) const;

 private:
  std::vector<std::string> keys_;
};

}  // namespace tokenbroker::targets
