// SendTaskSuccess, SendTaskFailure and SendTaskHeartbeat: the contract's Succeed, Fail and Heartbeat, addressed by a
// task token of ours or by an upstream token that a task was issued for.
//
// The answer's header x-tokenbroker-reason says what AWS's few errors do not tell apart (docs/errors.md); that of a
// call that was taken, x-tokenbroker-verdict, says ACCEPTED or REPLAYED.
#pragma once

#include "server/aws/operations.h"
#include "server/aws/relay.h"
#include "server/calls/door.h"

namespace tokenbroker::aws {

// `door` must outlive the table. With a relay, a call whose token has not the form of ours and is not known here is
// passed on, and answered with what comes back; x-tokenbroker-relayed then says so.
void AddTaskOperations(const calls::Door& door, OperationTable& operations, Relay relay = nullptr);

}  // namespace tokenbroker::aws
