#include "server/rpc/messages.h"

#include <grpcpp/impl/codegen/proto_utils.h>

#include "server/calls/errors.h"
#include "server/wire/wire_check.h"

namespace tokenbroker::rpc {
namespace {

// Smaller messages are parsed unseen, which is what nearly all are: even of empty items, 64 KiB make no more than 10
// MiB, one request at a time on each thread.
constexpr size_t kCheckedFrom = size_t{64} << 10;

broker::Refusal CheckSize(grpc::ByteBuffer& buffer, const google::protobuf::Descriptor& type) {
  const size_t size = buffer.Length();
  if (size < kCheckedFrom) return {};
  grpc::ProtoBufferReader reader(&buffer);
  const wire::Verdict verdict = wire::Check(reader, static_cast<int>(size), type);
  switch (verdict.kind) {
    case wire::Verdict::kFits:
      return {};
    case wire::Verdict::kMalformed:
      return calls::MessageMalformed(type.full_name());
    case wire::Verdict::kTooMany:
      break;
  }
  broker::Refusal refusal = broker::InvalidField(verdict.field.empty() ? "the request" : verdict.field, verdict.rule);
  refusal.field = verdict.field;
  return refusal;
}

}  // namespace

broker::Refusal ParseMessage(grpc::ByteBuffer& buffer, google::protobuf::Message& message) {
  broker::Refusal refusal = CheckSize(buffer, *message.GetDescriptor());
  if (!refusal &&
      !grpc::GenericDeserialize<grpc::ProtoBufferReader, google::protobuf::Message>(&buffer, &message).ok()) {
    refusal = calls::MessageMalformed(message.GetTypeName());
  }
  buffer.Clear();
  return refusal;
}

bool SerializeMessage(const google::protobuf::MessageLite& message, grpc::ByteBuffer& buffer) {
  bool own = false;
  return grpc::GenericSerialize<grpc::ProtoBufferWriter, google::protobuf::MessageLite>(message, &buffer, &own).ok();
}

grpc::Status ToGrpc(const google::rpc::Status& status) {
  return {static_cast<grpc::StatusCode>(status.code()), status.message(), status.SerializeAsString()};
}

}  // namespace tokenbroker::rpc
