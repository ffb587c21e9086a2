// What an answer of Step Functions means for a delivery. Pure; docs/forwarding.md has it as a table.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "server/forward/outcome_target.h"
#include "server/outbound/aws/json_client.h"

namespace tokenbroker::targets {

struct Sent {
  // A heartbeat: whatever says that nobody waits is kRejected.
  bool is_beat = false;
  // By an earlier try.
  bool may_have_arrived = false;
  // Never shown.
  std::string_view upstream_token;
};

forward::Answer AnswerOf(const outbound::aws::JsonAnswer& answer, const Sent& sent, TimeMs now);

// Whether it says that the quota of the call is used up.
bool IsThrottled(const outbound::aws::JsonAnswer& answer);

}  // namespace tokenbroker::targets
