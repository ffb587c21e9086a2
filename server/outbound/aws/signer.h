// Signs requests with Signature Version 4. What is signed and how stands in server/sigv4.
#pragma once

#include <mutex>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "server/outbound/aws/credentials.h"
#include "server/outbound/http_client.h"
#include "server/sigv4/sigv4.h"

namespace tokenbroker::outbound::aws {

// For one service in one region. Thread-safe.
class Signer {
 public:
  Signer(std::string service, std::string region) : service_(std::move(service)), region_(std::move(region)) {}

  // Adds X-Amz-Date, X-Amz-Security-Token if there is one, and Authorization, which covers the method, the URL, the
  // body and all headers. `now` is the time of day. INVALID_ARGUMENT if the URL is none.
  absl::Status Sign(const Credentials& credentials, TimeMs now, HttpRequest& request) const;

 private:
  tokenbroker::aws::Digest KeyFor(const std::string& secret, const tokenbroker::aws::Scope& scope) const;

  const std::string service_;
  const std::string region_;

  // The last key: it is the same for a day.
  mutable std::mutex mutex_;
  mutable std::string date_;                // guarded by mutex_
  mutable std::string secret_;              // guarded by mutex_
  mutable tokenbroker::aws::Digest key_{};  // guarded by mutex_
};

}  // namespace tokenbroker::outbound::aws
