// What tests of targets have in common.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "server/forward/outcome_target.h"
#include "server/outbound/aws/cached_credentials.h"

namespace tokenbroker::targets {

inline constexpr TimeMs kNow = 1'795'198'566'123;  // 2026-11-20T18:16:06.123Z
inline const std::string kUpstreamToken = "AQCkAAAAKgAAAAMAAAAAAAAAAZ9x/secret+token==";

inline forward::Delivery MakeDelivery() {
  forward::Delivery delivery;
  delivery.id = "delivery-1";
  delivery.task_id = "task-1";
  delivery.namespace_name = "orders";
  delivery.upstream_token = kUpstreamToken;
  delivery.output = R"({"a":1})";
  delivery.issued_at = kNow - 60'000;
  delivery.ended_at = kNow;
  return delivery;
}

inline std::shared_ptr<outbound::aws::CachedCredentials> FixedCredentials(const Clock& clock) {
  return std::make_shared<outbound::aws::CachedCredentials>(
      [](const outbound::aws::CredentialsDone& done) {
        done(outbound::aws::Credentials{"AKIDEXAMPLE", "very-secret-key", "session-secret"});
      },
      clock);
}

// For messages.
inline std::string NameOf(forward::Answer::Kind kind) {
  using Kind = forward::Answer::Kind;
  switch (kind) {
    case Kind::kAccepted:
      return "accepted";
    case Kind::kProbablyOurs:
      return "probably ours";
    case Kind::kRetry:
      return "retry";
    case Kind::kLater:
      return "later";
    case Kind::kHandedBack:
      return "handed back";
    case Kind::kThrottled:
      return "throttled";
    case Kind::kRejected:
      return "rejected";
    case Kind::kNeedsOperator:
      return "needs operator";
  }
  return "";
}

}  // namespace tokenbroker::targets
