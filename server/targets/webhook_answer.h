// What a receiver's answer means for a delivery. Pure; docs/forwarding.md has it as a table.
#pragma once

#include "base/clock.h"
#include "server/forward/outcome_target.h"
#include "server/outbound/http_client.h"

namespace tokenbroker::targets {

// Nothing of the answer's body is shown: it may hold anything.
forward::Answer WebhookAnswerOf(const outbound::HttpResult& result, bool may_have_arrived, TimeMs now);

}  // namespace tokenbroker::targets
