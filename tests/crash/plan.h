// What tasks are asked to be.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/clock.h"
#include "tokenbroker/v1/task_service.pb.h"

namespace tokenbroker::testing {

// Where a task's outcome goes.
enum class Target { kNone, kEngine, kHook };
std::string TargetName(Target target);
// The engine's own tokens are this and the serial number.
inline constexpr char kEngineTokenPrefix[] = "engine-token-";

// What a task was asked to be. The request can be made again from it, byte for byte.
struct Plan {
  uint64_t serial = 0;
  int name_space = 0;
  bool with_request_id = false;
  bool with_contract = false;
  // A callback by correlation key is sent before the task is issued.
  bool parks = false;
  // Empty: none.
  std::string key;
  uint32_t attempt = 0;
  DurationMs timeout = 0;
  DurationMs heartbeat = 0;
  size_t input_bytes = 0;
  Target target = Target::kNone;

  v1::IssueTaskRequest Request() const;
  // Empty unless the engine has made one.
  std::string EngineToken() const;
};
std::string NamespaceName(int name_space);
std::string InputOf(const Plan& plan);

}  // namespace tokenbroker::testing
