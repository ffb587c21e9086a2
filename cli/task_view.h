// Tasks on the terminal.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "cli/output.h"
#include "cli/session.h"
#include "tokenbroker/v1/task.pb.h"

namespace tokenbroker::cli {

// One task in any format but kToken, which is refused. A task without output prints nothing for kOutput, and a remark.
absl::Status PrintTask(Session& session, const v1::Task& task);

// One delivery in any format of tasks that fits it.
absl::Status PrintDelivery(Session& session, const v1::Delivery& delivery);
void PrintDeliveryTable(Session& session, const std::vector<v1::Delivery>& deliveries);

// Rows of many tasks.
void PrintTaskTable(Session& session, const std::vector<v1::Task>& tasks);

}  // namespace tokenbroker::cli
