// One example of every message and scalar, the same wherever it stands: the wait for a decision on a loan.
#pragma once

#include <nlohmann/json.hpp>

#include "google/protobuf/descriptor.h"

namespace tokenbroker::openapi {

using Json = nlohmann::ordered_json;

// In proto3 JSON. Of a oneof the first member; of messages with an example of their own, that one.
Json ExampleOf(const google::protobuf::Descriptor& message);
// As the field stands in its message: a list for a repeated field.
Json ExampleOf(const google::protobuf::FieldDescriptor& field);

// The body of an error with this reason.
Json ErrorExample(const std::string& reason, int code, const std::string& message);

}  // namespace tokenbroker::openapi
