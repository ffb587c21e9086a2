// A delivery as callers see it: what is recorded, and what the forwarder knows of the tries since.
#pragma once

#include "server/broker/task_record.h"
#include "server/calls/door.h"
#include "tokenbroker/v1/task.pb.h"

namespace tokenbroker::calls {

namespace pb = tokenbroker::v1;

// `record` must have a delivery.
void FillDelivery(const Door& door, const broker::TaskRecord& record, pb::Delivery* out);

// The task with its delivery, if it has one.
void FillWholeTask(const Door& door, const broker::TaskRecord& record, pb::TaskView view, pb::Task* out);

}  // namespace tokenbroker::calls
