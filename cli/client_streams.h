// The two streaming calls of client.cc. Includes gRPC: for client.cc alone.
#pragma once

#include <grpcpp/client_context.h>

#include <memory>

#include "absl/status/status.h"
#include "cli/broker.h"
#include "tokenbroker/v1/resolver_service.grpc.pb.h"
#include "tokenbroker/v1/task_service.grpc.pb.h"

namespace tokenbroker::cli {

// The status of a finished call with its details and request id.
absl::Status FromGrpc(const grpc::ClientContext& context, const grpc::Status& status);

std::unique_ptr<SettleStream> OpenSettle(v1::ResolverService::Stub& stub, std::unique_ptr<grpc::ClientContext> context);
std::unique_ptr<WatchStream> OpenWatch(v1::TaskService::Stub& stub, std::unique_ptr<grpc::ClientContext> context,
                                       const v1::WatchTasksRequest& request);

}  // namespace tokenbroker::cli
