#include "server/rpc/messages.h"

#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <grpcpp/support/slice.h>

#include <string>
#include <string_view>

#include "server/calls/errors.h"
#include "server/wire/wire_check.h"

namespace tokenbroker::rpc {
namespace {

// Smaller messages are parsed unseen, which is what nearly all are: even of empty items, 64 KiB make no more than 10
// MiB, one request at a time on each thread.
constexpr size_t kCheckedFrom = size_t{64} << 10;

// An answer beyond this leaves no memory to the thread's next one.
constexpr size_t kLargestKept = size_t{1} << 20;

broker::Refusal RefusalOf(const wire::Verdict& verdict, const google::protobuf::Descriptor& type) {
  switch (verdict.kind) {
    case wire::Verdict::kFits:
      return {};
    case wire::Verdict::kMalformed:
      return calls::MessageMalformed(type.full_name());
    case wire::Verdict::kTooMany:
    case wire::Verdict::kNoText:
      break;
  }
  broker::Refusal refusal = broker::InvalidField(verdict.field.empty() ? "the request" : verdict.field, verdict.rule);
  refusal.field = verdict.field;
  return refusal;
}

broker::Refusal CheckSize(std::string_view bytes, const google::protobuf::Descriptor& type) {
  if (bytes.size() < kCheckedFrom) return {};
  const int size = static_cast<int>(bytes.size());
  google::protobuf::io::ArrayInputStream in(bytes.data(), size);
  return RefusalOf(wire::Check(in, size, type), type);
}

// Of what a parser has refused: which field is to blame, if it is a text.
broker::Refusal WhyMalformed(std::string_view bytes, const google::protobuf::Descriptor& type) {
  const int size = static_cast<int>(bytes.size());
  google::protobuf::io::ArrayInputStream in(bytes.data(), size);
  const wire::Verdict verdict = wire::CheckTexts(in, size, type);
  return verdict.kind == wire::Verdict::kNoText ? RefusalOf(verdict, type) : calls::MessageMalformed(type.full_name());
}

// What gRPC received, in one piece.
class Flat {
 public:
  // Empties the buffer.
  explicit Flat(grpc::ByteBuffer& buffer) {
    // Most messages are one piece already; others are copied. A buffer that came from the network can be read.
    if (!buffer.TrySingleSlice(&slice_).ok()) (void)buffer.DumpToSingleSlice(&slice_);
    buffer.Clear();
  }
  std::string_view bytes() const { return {reinterpret_cast<const char*>(slice_.begin()), slice_.size()}; }

 private:
  grpc::Slice slice_;
};

grpc::ByteBuffer BufferOf(std::string_view bytes) {
  const grpc::Slice slice(bytes.data(), bytes.size());
  return {&slice, 1};
}

}  // namespace

broker::Refusal ParseMessage(grpc::ByteBuffer& buffer, google::protobuf::Message& message) {
  const Flat flat(buffer);
  if (broker::Refusal refusal = CheckSize(flat.bytes(), *message.GetDescriptor())) return refusal;
  if (message.ParseFromArray(flat.bytes().data(), static_cast<int>(flat.bytes().size()))) return {};
  return WhyMalformed(flat.bytes(), *message.GetDescriptor());
}

void SerializeMessage(const google::protobuf::MessageLite& message, grpc::ByteBuffer& buffer) {
  buffer = BufferOf(message.SerializeAsString());
}

broker::Refusal ReadRequest(grpc::ByteBuffer& buffer, calls::Call& call) {
  const Flat flat(buffer);
  const google::protobuf::Descriptor& type = *call.request_message().GetDescriptor();
  if (broker::Refusal refusal = CheckSize(flat.bytes(), type)) return refusal;
  broker::Refusal refusal = call.ReadRequest(flat.bytes());
  const bool malformed = refusal.reason == broker::Reason::kInvalidField && refusal.field.empty();
  return malformed ? WhyMalformed(flat.bytes(), type) : refusal;
}

void WriteResponse(calls::Call& call, grpc::ByteBuffer& buffer) {
  thread_local std::string bytes;
  bytes.clear();
  call.WriteResponse(bytes);
  buffer = BufferOf(bytes);
  if (bytes.capacity() > kLargestKept) bytes = std::string();
}

grpc::Status ToGrpc(const google::rpc::Status& status) {
  return {static_cast<grpc::StatusCode>(status.code()), status.message(), status.SerializeAsString()};
}

}  // namespace tokenbroker::rpc
