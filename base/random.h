// Chance, from the machine.
#pragma once

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"

namespace tokenbroker {

// So many bytes that nobody can guess: for keys. UNAVAILABLE if the system has none.
absl::StatusOr<std::string> RandomBytes(size_t size);

// From 0 to below 1, evenly: for jitter, not for keys. Thread-safe.
double RandomFraction();

}  // namespace tokenbroker
