#pragma once

#include <string>

#include "cli/waiter.h"

namespace tokenbroker::cli {

// A random UUID (version 4), for request ids.
std::string MakeUuid(const Random& random);

}  // namespace tokenbroker::cli
