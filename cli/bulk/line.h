// One line of the file that `bulk` reads.
#pragma once

#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "tokenbroker/v1/resolver_service.pb.h"

namespace tokenbroker::cli {

// Reads {"token" | "id" | "key": ..., "output": any JSON | "error": ..., "cause": ..., "request_id": ...}. An output is
// taken over byte for byte. INVALID_ARGUMENT says which member is wrong; it never repeats the token.
absl::StatusOr<v1::Settlement> ParseBulkLine(const std::string& line, const std::string& name_space);

// The members of a JSON object, each value as its own text. `object` must be valid JSON and an object.
std::map<std::string, std::string> SplitMembers(const std::string& object);

}  // namespace tokenbroker::cli
