// One streaming call: what gRPC's completion queue says about it, as virtual methods.
//
// Everything On… happens on the call's thread. Read, Write and End may be called on any thread; at most one Read and
// one Write are under way at a time, and End is last. The call deletes itself when all that it started has come back.
#pragma once

#include <grpcpp/server_context.h>
#include <grpcpp/support/async_stream.h>

#include <atomic>
#include <functional>
#include <utility>

#include "server/calls/door.h"
#include "server/rpc/messages.h"
#include "server/rpc/network_thread.h"
#include "server/rpc/under_way.h"
#include "server/telemetry/broker_metrics.h"

namespace tokenbroker::rpc {

class StreamCall {
 public:
  using Pipe = grpc::ServerAsyncReaderWriter<grpc::ByteBuffer, grpc::ByteBuffer>;
  struct Parts {
    const calls::Door& door;
    RpcMetrics& metrics;
    UnderWay& under_way;
    NetworkThread& thread;
    // Makes a call of the same method.
    std::function<StreamCall*(Parts)> make;
    // Asks gRPC for the method's next call.
    std::function<void(grpc::ServerContext*, Pipe*, void* tag)> request;
  };

  // Waits for a call of the method, and then for the next. Once for each that may arrive at the same time.
  static void Listen(const Parts& parts);

  StreamCall(const StreamCall&) = delete;
  StreamCall& operator=(const StreamCall&) = delete;

 protected:
  explicit StreamCall(Parts parts) : parts_(std::move(parts)) {}
  virtual ~StreamCall() = default;

  virtual void OnBegan() = 0;
  // `ok` false: there is nothing more to read.
  virtual void OnRead(bool ok) = 0;
  // `ok` false: the caller has gone away.
  virtual void OnWritten(bool ok) = 0;
  // The caller has gone away, or the server has broken the call off. End is still to be called, if it was not.
  virtual void OnGone() {}

  void Read();
  // What OnRead has found.
  grpc::ByteBuffer& in() { return in_; }
  void Write(const google::protobuf::MessageLite& message);
  void End(const grpc::Status& status);

  const calls::Door& door() const { return parts_.door; }
  NetworkThread& thread() const { return parts_.thread; }
  const grpc::ServerContext& context() const { return context_; }

 private:
  static void ListenForOne(const Parts& parts);

  struct Tag final : NetworkThread::Event {
    Tag(StreamCall& call, void (StreamCall::*then)(bool)) : call(call), then(then) {}
    void Happened(bool ok) override { (call.*then)(ok); }
    StreamCall& call;
    void (StreamCall::*then)(bool);
  };

  void Began(bool ok);
  void HasRead(bool ok);
  void HasWritten(bool ok);
  void HasFinished(bool ok);
  void HasGone(bool ok);
  // One thing that was started has come back.
  void CameBack();

  const Parts parts_;
  int64_t began_ = 0;
  grpc::ServerContext context_;
  Pipe pipe_{&context_};
  grpc::ByteBuffer in_;
  std::atomic<int> out_{0};  // how many things are started
  bool finished_ = false;

  Tag began_tag_{*this, &StreamCall::Began};
  Tag read_tag_{*this, &StreamCall::HasRead};
  Tag written_tag_{*this, &StreamCall::HasWritten};
  Tag finished_tag_{*this, &StreamCall::HasFinished};
  Tag gone_tag_{*this, &StreamCall::HasGone};
};

}  // namespace tokenbroker::rpc
