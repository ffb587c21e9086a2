#include "server/rpc/call.h"

#include <grpcpp/impl/codegen/proto_utils.h>

#include "base/system_clock.h"
#include "server/rpc/caller.h"

namespace tokenbroker::rpc {

bool ParseMessage(grpc::ByteBuffer& buffer, google::protobuf::MessageLite& message) {
  return grpc::GenericDeserialize<grpc::ProtoBufferReader, google::protobuf::MessageLite>(&buffer, &message).ok();
}

bool SerializeMessage(const google::protobuf::MessageLite& message, grpc::ByteBuffer& buffer) {
  bool own = false;
  return grpc::GenericSerialize<grpc::ProtoBufferWriter, google::protobuf::MessageLite>(message, &buffer, &own).ok();
}

Call::Call(const Parts& parts, google::protobuf::Message& request, google::protobuf::Message& response)
    : Submission(1),
      parts_(parts),
      under_way_(*parts.door.under_way),
      request_(request),
      response_(response),
      began_(ElapsedMicros()) {}

void Call::Run() {
  principal_ = CallerOf(parts_.context, parts_.door.authenticator);
  if (principal_ == nullptr) return Refuse(CredentialsUnknown());
  if (!ParseMessage(parts_.in, request_)) return Refuse(MessageMalformed(request_.GetTypeName()));
  Begin();
}

void Call::Answer() {
  const bool serialized = SerializeMessage(response_, parts_.out);
  End(serialized ? grpc::Status() : grpc::Status(grpc::StatusCode::INTERNAL, "the answer could not be serialized"));
}

void Call::Refuse(const Refused& refused) { End(ToStatus(refused)); }

void Call::End(const grpc::Status& status) {
  parts_.metrics.OnDone(status.error_code(), static_cast<double>(ElapsedMicros() - began_) * 1e-6);
  Finish(status);
}

}  // namespace tokenbroker::rpc
