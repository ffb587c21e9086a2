// Every judgement of a task is counted and logged in one place, the same for every door: one line at level debug.
//
//   {"event":"task_judged","call":"succeed","verdict":"accepted","task_id":"000100000000002a07","door":"rest",
//    "caller":"key:worker"}
//
// A refused one has "reason", as callers see it, and no task where the caller may not know of one.
#pragma once

#include "server/broker/operation.h"
#include "server/calls/door.h"

namespace tokenbroker::calls {

void Judged(const Door& door, const broker::Principal& caller, const broker::ResolveOperation& operation);
void Judged(const Door& door, const broker::Principal& caller, const broker::HeartbeatOperation& operation);
// The door itself refused the call ("succeed", "fail", "heartbeat") as INVALID_FIELD: the broker has not seen it.
void Rejected(const Door& door, const broker::Principal& caller, std::string_view call);

}  // namespace tokenbroker::calls
