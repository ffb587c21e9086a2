// From the broker's records to what a target is told.
#pragma once

#include <string>

#include "server/broker/task_record.h"
#include "server/forward/outcome_target.h"

namespace tokenbroker::forward {

// `record` must have an outcome that is owed.
Delivery DeliveryFrom(const broker::TaskRecord& record, std::string upstream_token);

}  // namespace tokenbroker::forward
