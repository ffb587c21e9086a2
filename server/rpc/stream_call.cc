#include "server/rpc/stream_call.h"

#include <utility>

#include "base/system_clock.h"

namespace tokenbroker::rpc {
namespace {

void* TagOf(NetworkThread::Event& event) { return &event; }

}  // namespace

void StreamCall::Listen(const Parts& parts) {
  parts.under_way.Listens();
  ListenForOne(parts);
}

void StreamCall::ListenForOne(const Parts& parts) {
  StreamCall* const call = parts.make(parts);
  call->context_.AsyncNotifyWhenDone(TagOf(call->gone_tag_));
  parts.request(&call->context_, &call->pipe_, TagOf(call->began_tag_));
}

void StreamCall::Began(bool ok) {
  // The server shuts down: there will be no call.
  if (!ok) {
    UnderWay& under_way = parts_.under_way;
    delete this;
    return under_way.ListensNoMore();
  }
  began_ = ElapsedMicros();
  out_ = 1;  // the news that it is over
  parts_.under_way.Began();
  ListenForOne(parts_);
  OnBegan();
}

void StreamCall::Read() {
  ++out_;
  pipe_.Read(&in_, TagOf(read_tag_));
}

// Without gRPC's buffer hint: a buffered write of some sizes is neither sent nor reported as done, and the stream
// stands still.
void StreamCall::Write(const google::protobuf::MessageLite& message) {
  ++out_;
  grpc::ByteBuffer bytes;
  SerializeMessage(message, bytes);
  pipe_.Write(bytes, TagOf(written_tag_));
}

void StreamCall::End(const grpc::Status& status) {
  ++out_;
  parts_.metrics.OnDone(status.error_code(), static_cast<double>(ElapsedMicros() - began_) * 1e-6);
  pipe_.Finish(status, TagOf(finished_tag_));
}

void StreamCall::HasRead(bool ok) {
  OnRead(ok);
  CameBack();
}

void StreamCall::HasWritten(bool ok) {
  OnWritten(ok);
  CameBack();
}

void StreamCall::HasFinished(bool) {
  finished_ = true;
  CameBack();
}

void StreamCall::HasGone(bool) {
  if (context_.IsCancelled()) OnGone();
  CameBack();
}

void StreamCall::CameBack() {
  if (--out_ != 0 || !finished_) return;
  parts_.under_way.Ended();
  delete this;
}

}  // namespace tokenbroker::rpc
