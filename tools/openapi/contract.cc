#include "tools/openapi/contract.h"

#include <cstdio>
#include <cstdlib>

#include "google/protobuf/descriptor.pb.h"

namespace tokenbroker::openapi {
namespace {

template <typename T>
const T& Expect(const T* found, const std::string& what) {
  if (found != nullptr) return *found;
  std::fprintf(stderr, "openapi: no %s in the descriptors\n", what.c_str());
  std::exit(1);
}

}  // namespace

const google::protobuf::Descriptor& Contract::Message(const std::string& full_name) const {
  return Expect(pool->FindMessageTypeByName(full_name), full_name);
}

const google::protobuf::EnumDescriptor& Contract::Enum(const std::string& full_name) const {
  return Expect(pool->FindEnumTypeByName(full_name), full_name);
}

Contract LoadContract(const std::string& descriptor_set) {
  google::protobuf::FileDescriptorSet files;
  if (!files.ParseFromString(descriptor_set)) files.Clear();
  Contract contract{std::make_unique<google::protobuf::DescriptorPool>(), {}};
  for (const auto& file : files.file()) Expect(contract.pool->BuildFile(file), file.name());
  for (const char* name : {"tokenbroker.v1.TaskService", "tokenbroker.v1.ResolverService",
                           "tokenbroker.v1.DeliveryService", "tokenbroker.v1.AdminService"}) {
    contract.services.push_back(&Expect(contract.pool->FindServiceByName(name), name));
  }
  return contract;
}

}  // namespace tokenbroker::openapi
