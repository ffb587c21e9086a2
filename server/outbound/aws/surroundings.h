// What credential sources see of the world; all of it injected.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "base/clock.h"
#include "server/outbound/http_client.h"

namespace tokenbroker::outbound::aws {

struct Surroundings {
  // A variable of the environment; empty if it is not set.
  std::function<std::string(std::string_view name)> variable;
  // NOT_FOUND if there is none.
  std::function<absl::StatusOr<std::string>(const std::string& path)> read_file;
  // These outlive every source and its answers. The clock has the time of day.
  HttpClient& http;
  const Clock& clock;
};

// Shared by the sources that were made from them, and their answers that are out.
using SurroundingsPtr = std::shared_ptr<const Surroundings>;

// The process's: `environment` as names and values; files of at most 1 MiB.
SurroundingsPtr RealSurroundings(absl::Span<const std::pair<std::string, std::string>> environment, HttpClient& http,
                                 const Clock& clock);

}  // namespace tokenbroker::outbound::aws
