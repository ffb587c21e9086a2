// One connection of its own to the broker, and its services.
#pragma once

#include <memory>
#include <string>

#include "grpcpp/grpcpp.h"
#include "tokenbroker/v1/resolver_service.grpc.pb.h"
#include "tokenbroker/v1/task_service.grpc.pb.h"

namespace tokenbroker::benchmarks {

struct Stubs {
  explicit Stubs(const std::string& target) : channel(Connect(target)) {
    tasks = v1::TaskService::NewStub(channel);
    resolver = v1::ResolverService::NewStub(channel);
  }

  std::shared_ptr<grpc::Channel> channel;
  std::unique_ptr<v1::TaskService::Stub> tasks;
  std::unique_ptr<v1::ResolverService::Stub> resolver;

 private:
  static std::shared_ptr<grpc::Channel> Connect(const std::string& target) {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL,
                     1);  // channels to one address would share a connection otherwise
    arguments.SetMaxReceiveMessageSize(64 << 20);
    // The load shares the machine with the server: what a call costs here must not be what limits both.
    arguments.SetInt(GRPC_ARG_MINIMAL_STACK, 1);
    arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
    arguments.SetInt(GRPC_ARG_SERVICE_CONFIG_DISABLE_RESOLUTION, 1);
    return grpc::CreateCustomChannel(target, grpc::InsecureChannelCredentials(), arguments);
  }
};

}  // namespace tokenbroker::benchmarks
