// A line of a JSONL file.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "tokenbroker/v1/resolver_service.pb.h"

namespace tokenbroker::bulk {

// Reads {"token" | "task_id" | "key": ..., "output": any JSON | "error": ..., "cause": ..., ...}; see row.h. An output
// is taken over byte for byte, everything else is a string. INVALID_ARGUMENT says which member is wrong, or in which
// column; it never repeats a value.
absl::StatusOr<v1::Settlement> ReadJsonRow(std::string_view line, const std::string& default_namespace);

}  // namespace tokenbroker::bulk
