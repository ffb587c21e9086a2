// Between gRPC's bytes and messages. We do this and not gRPC, which answers a request that does not parse (a text that
// is not UTF-8, say) with UNIMPLEMENTED and no reason.
#pragma once

#include <google/protobuf/message_lite.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/status.h>

#include "google/rpc/status.pb.h"

namespace tokenbroker::rpc {

// False if the bytes are no such message. Empties the buffer.
bool ParseMessage(grpc::ByteBuffer& buffer, google::protobuf::MessageLite& message);
bool SerializeMessage(const google::protobuf::MessageLite& message, grpc::ByteBuffer& buffer);

// With the whole status, details included, in grpc-status-details-bin.
grpc::Status ToGrpc(const google::rpc::Status& status);

}  // namespace tokenbroker::rpc
