// Tasks on the terminal.
#pragma once

#include <string>
#include <vector>

#include "cli/session.h"
#include "tokenbroker/v1/task.pb.h"

namespace tokenbroker::cli {

// One task in any format that is one of tasks. A task without output prints nothing for kOutput, and a remark.
void PrintTask(Session& session, const v1::Task& task);

// One delivery in any format of tasks that fits it.
void PrintDelivery(Session& session, const v1::Delivery& delivery);
void PrintDeliveryTable(Session& session, const std::vector<v1::Delivery>& deliveries);

// Rows of many tasks.
void PrintTaskTable(Session& session, const std::vector<v1::Task>& tasks);

}  // namespace tokenbroker::cli
