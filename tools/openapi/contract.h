// The contract with its comments, from what protoc --include_source_info --include_imports wrote.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "google/protobuf/descriptor.h"

namespace tokenbroker::openapi {

struct Contract {
  std::unique_ptr<google::protobuf::DescriptorPool> pool;
  // TaskService, ResolverService, DeliveryService, AdminService.
  std::vector<const google::protobuf::ServiceDescriptor*> services;

  const google::protobuf::Descriptor& Message(const std::string& full_name) const;
  const google::protobuf::EnumDescriptor& Enum(const std::string& full_name) const;
};

// Ends the program with a message if the bytes are no such set: there is nobody else to tell.
Contract LoadContract(const std::string& descriptor_set);

}  // namespace tokenbroker::openapi
