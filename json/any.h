// The messages that google.protobuf.Any holds: those of the contract, by type URL.
#pragma once

#include <memory>
#include <string_view>

#include "google/protobuf/message.h"

namespace tokenbroker::json {

// A new message of the type that "type.googleapis.com/<full name>" names, of the pool that `neighbour` is of; nullptr
// if there is none.
std::unique_ptr<google::protobuf::Message> NewMessageOfUrl(std::string_view url,
                                                           const google::protobuf::Message& neighbour);

}  // namespace tokenbroker::json
