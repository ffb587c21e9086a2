// What more than one rule, or a call that reads for itself, refuses with.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "server/broker/operation.h"
#include "server/broker/principal.h"
#include "server/broker/reason.h"
#include "token/limits.h"

namespace tokenbroker::broker {

// There is no room for more just now; the caller is told to try again in a second.
Refusal RefuseFull(Reason reason, std::string message);
std::string Quoted(std::string_view text);

// A refusal of somebody who may not know whether the task exists.
Refusal TaskUnknown();
// "*" stands for all namespaces.
Refusal LacksRight(const Principal& principal, Right right, std::string_view name_space);
// Of a task that is there, to somebody without the right: who presents its token, or may read it, knows of it; others
// learn nothing.
Refusal RefuseTask(const TaskAddress& address, const Principal& principal, Right right, std::string_view name_space);

// Of a limited token that does not allow this. `error` counts for kFail alone.
Refusal RefuseBeyondLimits(const token::Limits& limits, token::Action action, std::string_view error, TimeMs now);

// Delivered or dropped, once and for all.
Refusal DeliverySettled();

}  // namespace tokenbroker::broker
