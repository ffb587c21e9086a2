// The services of the contract, each a table of its methods.
#pragma once

#include <grpcpp/impl/service_type.h>

#include <memory>
#include <vector>

#include "server/rpc/door.h"
#include "server/rpc/streams.h"

namespace tokenbroker::rpc {

// `door` and `streams` must outlive the services, and those the server.
std::vector<std::unique_ptr<grpc::Service>> MakeServices(const Door& door, Streams& streams);

}  // namespace tokenbroker::rpc
