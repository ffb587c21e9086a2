// SettleStream: batches in, answers out, in order, while the caller keeps the stream open.
//
// At most kMaxUnanswered batches are taken in before the first is answered; then nothing is read until one is, and the
// caller's writes stop: that is the back-pressure.
#pragma once

#include <grpcpp/server_context.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>

#include <deque>
#include <memory>
#include <mutex>
#include <optional>

#include "server/rpc/door.h"
#include "server/rpc/errors.h"
#include "server/rpc/settle_batch.h"
#include "server/rpc/streams.h"
#include "tokenbroker/v1/resolver_service.pb.h"

namespace tokenbroker::rpc {

// Deletes itself when the call is over.
class SettleStream : public grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>, private Stream {
 public:
  static constexpr size_t kMaxUnanswered = 4;

  struct Parts {
    const Door& door;
    Streams& streams;
    RpcMetrics& metrics;
    grpc::CallbackServerContext& context;
  };
  explicit SettleStream(const Parts& parts);

 private:
  struct Batch {
    tokenbroker::v1::SettleStreamRequest request;
    std::optional<SettleBatch> settling;
    grpc::ByteBuffer out;
    bool settled = false;
  };

  ~SettleStream() override = default;

  // Why the batch cannot be taken; the stream ends with it, after the answers to what came before.
  broker::Refusal Take(grpc::ByteBuffer& bytes, Batch& batch) const;
  void Settled(Batch& batch);
  // Takes the next steps, if there are any: write an answer, read a batch, end. Releases the lock; afterwards the
  // stream may be gone.
  void Advance(std::unique_lock<std::mutex> lock);
  // No more batches are read. With the lock held.
  void Close(const grpc::Status& status);

  void Drain() override;
  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;

  const Parts parts_;
  const CallsUnderWay::Entry under_way_;
  const int64_t began_;
  const broker::Principal* principal_ = nullptr;

  std::mutex mutex_;
  // All guarded by mutex_:
  std::deque<std::unique_ptr<Batch>> unanswered_;
  grpc::ByteBuffer in_;  // gRPC's while reading_
  bool reading_ = false;
  bool writing_ = false;
  bool closed_ = false;
  bool broken_ = false;  // the caller is gone: answers go nowhere
  bool finished_ = false;
  grpc::Status end_;
};

}  // namespace tokenbroker::rpc
