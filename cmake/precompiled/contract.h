// For files that may see the contract's messages: these, and what of gRPC and protobuf comes with them.
#pragma once

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include "cmake/precompiled/common.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "tokenbroker/v1/admin_service.pb.h"
#include "tokenbroker/v1/delivery_service.pb.h"
#include "tokenbroker/v1/resolver_service.pb.h"
#include "tokenbroker/v1/task_service.pb.h"
