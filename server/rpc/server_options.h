// How gRPC is set up: everything that bounds what a caller can make us do, and TLS.
#pragma once

#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server_builder.h>

#include <memory>

#include "absl/status/statusor.h"
#include "server/config/config.h"

namespace tokenbroker::rpc {

void SetLimits(const GrpcConfig& config, grpc::ServerBuilder& builder);

// Outlive the server. INVALID_ARGUMENT if a file cannot be read, or does not fit the others.
absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> MakeCredentials(const TlsConfig& config);

}  // namespace tokenbroker::rpc
