// What an outcome must look like to be accepted.
//
// Whoever writes a schema or an output must not be able to hurt the broker with it. So there are rules for schemas
// (schema.h), and one for outputs: holding it against its schema must not take more than a million steps
// (cost.h). An array of 20,000 objects of ten fields, each with a type, is within that.
//
// Thread-safe; takes up to some tenths of a second.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "storage/log_entry.h"

namespace tokenbroker::contract {

// OK if the text is a JSON Schema (draft 7) that this broker can check; otherwise the message says why it is not.
absl::Status CheckSchema(std::string_view schema);

struct Breach {
  // "output#/total" (a JSON pointer into the output) or "error".
  std::string field;
  std::string message;
};

// Nothing if the output meets the schema. One that CheckSchema refuses asks for nothing: it was taken by an earlier
// version, when its task was issued.
std::optional<Breach> CheckOutput(std::string_view schema, std::string_view output);

// Nothing if the error is in the list, or the list is empty.
std::optional<Breach> CheckError(absl::Span<const std::string_view> allowed, std::string_view error);

// What a task's issue says of its outcomes. Not owned.
struct Contract {
  std::string_view output_schema;
  absl::Span<const std::string_view> allowed_errors;
};

// How an outcome breaks the contract: a success with its output, a failure with its error. Nothing if it does not.
std::optional<Breach> FindBreach(const Contract& contract, storage::TaskState state, std::string_view output,
                                 std::string_view error);

}  // namespace tokenbroker::contract
