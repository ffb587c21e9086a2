// The messages of the whole contract, and random ones of them.
#pragma once

#include <memory>
#include <random>
#include <vector>

#include "google/protobuf/message.h"

namespace tokenbroker {

// TaskService, ResolverService, DeliveryService, AdminService.
std::vector<const google::protobuf::ServiceDescriptor*> ContractServices();

// Every request and response of them, each once.
std::vector<const google::protobuf::Descriptor*> ContractMessages();

std::unique_ptr<google::protobuf::Message> NewMessage(const google::protobuf::Descriptor& type);

// Sets about half of the fields to random values: texts of all planes and of control characters, numbers at the ends of
// their ranges, times within theirs.
void FillRandomly(google::protobuf::Message& message, std::mt19937_64& random);

}  // namespace tokenbroker
