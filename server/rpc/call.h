// One unary call: who calls, its messages, its answer. Each method is a class derived from UnaryCall:
//
//   class SucceedCall : public UnaryCall<pb::SucceedRequest, pb::SucceedResponse> {
//     void Begin() override;  // validate, act
//     void Done() override;   // the broker has answered: answer the caller
//   };
//
// Begin and Done end with Answer or Refuse, exactly once between them, or with handing an operation to the broker.
// After that the call may be gone: touch nothing of it.
//
// Messages are parsed and serialized here and not by gRPC, which answers a request that does not parse (a text that is
// not UTF-8, say) with UNIMPLEMENTED and no reason.
#pragma once

#include <google/protobuf/arena.h>
#include <grpcpp/server_context.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>

#include "server/broker/operation.h"
#include "server/rpc/door.h"
#include "server/rpc/errors.h"

namespace tokenbroker::rpc {

// False if the bytes are no such message. Empties the buffer.
bool ParseMessage(grpc::ByteBuffer& buffer, google::protobuf::MessageLite& message);
bool SerializeMessage(const google::protobuf::MessageLite& message, grpc::ByteBuffer& buffer);

class Call : public grpc::ServerUnaryReactor, protected broker::Submission {
 public:
  struct Parts {
    const Door& door;
    RpcMetrics& metrics;
    grpc::CallbackServerContext& context;
    grpc::ByteBuffer& in;
    grpc::ByteBuffer& out;
    google::protobuf::Arena& arena;
  };

  // Identifies the caller, parses the request, and begins.
  void Run();

  // The pool takes the call back (call_pool.h).
  void OnDone() override {}
  // gRPC need not move OnDone and OnCancel to another thread: they are short and never wait.
  bool InternalInlineable() override { return true; }

 protected:
  Call(const Parts& parts, google::protobuf::Message& request, google::protobuf::Message& response);

  virtual void Begin() = 0;
  // The operations that were handed over are answered. For calls that hand over none, never called.
  void Done() override {}

  const Door& door() const { return parts_.door; }
  broker::Broker& broker() const { return parts_.door.broker; }
  const broker::Principal& principal() const { return *principal_; }
  grpc::CallbackServerContext& context() const { return parts_.context; }

  // Makes the operation this call's own. Its answer leads to Done.
  template <typename Op>
  Op& Own(Op& operation) {
    operation.submission = this;
    operation.principal = principal_;
    return operation;
  }

  void Answer();
  void Refuse(const broker::Refusal& refusal) { Refuse(Refused{refusal}); }
  void Refuse(const Refused& refused);
  void End(const grpc::Status& status);

 private:
  const Parts parts_;
  const CallsUnderWay::Entry under_way_;
  google::protobuf::Message& request_;
  google::protobuf::Message& response_;
  const broker::Principal* principal_ = nullptr;
  const int64_t began_;
};

template <typename RequestT, typename ResponseT>
class UnaryCall : public Call {
 public:
  using Request = RequestT;
  using Response = ResponseT;

  explicit UnaryCall(const Parts& parts)
      : UnaryCall(parts, *google::protobuf::Arena::CreateMessage<Request>(&parts.arena),
                  *google::protobuf::Arena::CreateMessage<Response>(&parts.arena)) {}

 protected:
  const Request& request() const { return request_; }
  Response& response() { return response_; }

 private:
  UnaryCall(const Parts& parts, Request& request, Response& response)
      : Call(parts, request, response), request_(request), response_(response) {}

  Request& request_;
  Response& response_;
};

}  // namespace tokenbroker::rpc
