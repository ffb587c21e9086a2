// One row of a file of outcomes: which task, which outcome.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "tokenbroker/v1/resolver_service.pb.h"

namespace tokenbroker::bulk {

// The members of a row, whichever form the file has. Not all go together; see MakeSettlement.
struct RowFields {
  std::optional<std::string> token;
  std::optional<std::string> task_id;
  std::optional<std::string> key;
  std::optional<std::string> name_space;
  std::optional<std::string> outcome;
  std::optional<std::string> output;
  std::optional<std::string> error;
  std::optional<std::string> cause;
  std::optional<std::string> request_id;
};

// The member of that name ("token", "task_id" or "id", "key", "namespace", "outcome", "output", "error", "cause",
// "request_id"); nullptr if there is none.
std::optional<std::string>* Member(RowFields& fields, std::string_view name);
// A row names its task by exactly one of token, task_id and key, and goes well ("succeed": output, {} without one) or
// not ("fail": error, cause). Where `outcome` does not say which, output or error and cause do. INVALID_ARGUMENT names
// the member; it never repeats a value. What a member may hold is for the broker to judge.
absl::StatusOr<v1::Settlement> MakeSettlement(RowFields fields, const std::string& default_namespace);

}  // namespace tokenbroker::bulk
