// The wire of Step Functions' SendTask* calls from the other end: what a stub of Step Functions is told, and what it
// says.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "tests/outbound/fault_server.h"

namespace tokenbroker::targets {

struct SendTask {
  // "SendTaskSuccess"
  std::string operation;
  std::string token;
  std::string output;
  std::string error;
  std::string cause;

  bool is_beat() const { return operation == "SendTaskHeartbeat"; }
};

// Nothing if it is no such call, or not signed.
std::optional<SendTask> ReadSendTask(const outbound::SeenRequest& request);

outbound::Step Taken();
// An error by AWS's name: "TaskTimedOut".
outbound::Step Refused(std::string_view name, int status = 400, std::string_view message = "",
                       std::string_view headers = "");

}  // namespace tokenbroker::targets
