// Who makes this call.
#pragma once

#include <grpcpp/server_context.h>

#include "server/broker/principal.h"
#include "server/calls/authenticator.h"

namespace tokenbroker::rpc {

// nullptr if the caller shows credentials that are not known.
const broker::Principal* CallerOf(const grpc::ServerContextBase& context, const calls::Authenticator& authenticator);

}  // namespace tokenbroker::rpc
