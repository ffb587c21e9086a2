// Finds fields by the names that JSON gives them.
#pragma once

#include <string>
#include <string_view>

#include "google/protobuf/descriptor.h"

namespace tokenbroker::json {

// The field that is called `name` in JSON ("correlationKey") or in the proto file ("correlation_key"); nullptr if none.
const google::protobuf::FieldDescriptor* FindField(const google::protobuf::Descriptor& message, std::string_view name);

// What is to be said of a name that no field has: "is not a field of SucceedRequest; did you mean \"output\"?".
std::string UnknownField(const google::protobuf::Descriptor& message, std::string_view name);

// The fewest characters to insert, remove, replace or swap with their neighbour to make one of the other.
size_t EditDistance(std::string_view a, std::string_view b);

}  // namespace tokenbroker::json
