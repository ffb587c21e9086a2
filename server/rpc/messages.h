// Between gRPC's bytes and messages. We do this and not gRPC, which answers a request that does not parse (a text that
// is not UTF-8, say) with UNIMPLEMENTED and no reason.
#pragma once

#include <google/protobuf/message.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/status.h>

#include "google/rpc/status.pb.h"
#include "server/broker/reason.h"
#include "server/calls/call.h"

namespace tokenbroker::rpc {

// Refuses bytes that are no such message, and those that would take far more memory than they are long
// (server/wire/wire_check.h). Empties the buffer.
broker::Refusal ParseMessage(grpc::ByteBuffer& buffer, google::protobuf::Message& message);
void SerializeMessage(const google::protobuf::MessageLite& message, grpc::ByteBuffer& buffer);

// The same of a call's request and answer.
broker::Refusal ReadRequest(grpc::ByteBuffer& buffer, calls::Call& call);
void WriteResponse(calls::Call& call, grpc::ByteBuffer& buffer);

// With the whole status, details included, in grpc-status-details-bin.
grpc::Status ToGrpc(const google::rpc::Status& status);

}  // namespace tokenbroker::rpc
