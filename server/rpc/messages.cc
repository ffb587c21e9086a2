#include "server/rpc/messages.h"

#include <grpcpp/impl/codegen/proto_utils.h>

namespace tokenbroker::rpc {

bool ParseMessage(grpc::ByteBuffer& buffer, google::protobuf::MessageLite& message) {
  return grpc::GenericDeserialize<grpc::ProtoBufferReader, google::protobuf::MessageLite>(&buffer, &message).ok();
}

bool SerializeMessage(const google::protobuf::MessageLite& message, grpc::ByteBuffer& buffer) {
  bool own = false;
  return grpc::GenericSerialize<grpc::ProtoBufferWriter, google::protobuf::MessageLite>(message, &buffer, &own).ok();
}

grpc::Status ToGrpc(const google::rpc::Status& status) {
  return {static_cast<grpc::StatusCode>(status.code()), status.message(), status.SerializeAsString()};
}

}  // namespace tokenbroker::rpc
