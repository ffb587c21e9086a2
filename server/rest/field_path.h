// A field within the fields of a message: "task.key.namespace".
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "google/protobuf/message.h"

namespace tokenbroker::rest {

// From the outside in; all but the last are single messages.
using FieldPath = std::vector<const google::protobuf::FieldDescriptor*>;

// By the names of the proto file or of JSON, with dots. INVALID_ARGUMENT, as a json::Fault, if there is no such field.
absl::StatusOr<FieldPath> ParseFieldPath(const google::protobuf::Descriptor& message, std::string_view text);

// With the names of the proto file.
std::string NameOf(const FieldPath& path);

// The message that holds the last field, made if need be. INVALID_ARGUMENT if a member of a oneof on the way would have
// to give way.
absl::StatusOr<google::protobuf::Message*> ParentOf(const FieldPath& path, google::protobuf::Message& message);

}  // namespace tokenbroker::rest
