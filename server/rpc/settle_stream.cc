#include "server/rpc/settle_stream.h"

#include <utility>

#include "base/system_clock.h"
#include "server/rpc/call.h"
#include "server/rpc/caller.h"

namespace tokenbroker::rpc {

SettleStream::SettleStream(const Parts& parts)
    : parts_(parts), under_way_(*parts.door.under_way), began_(ElapsedMicros()) {
  principal_ = CallerOf(parts_.context, parts_.door.authenticator);
  parts_.streams.Enter(*this);
  std::unique_lock<std::mutex> lock(mutex_);
  if (principal_ == nullptr) Close(ToStatus({CredentialsUnknown()}));
  Advance(std::move(lock));
}

// --- In ---

broker::Refusal SettleStream::Take(grpc::ByteBuffer& bytes, Batch& batch) const {
  if (!ParseMessage(bytes, batch.request)) return MessageMalformed(batch.request.GetTypeName());
  return ValidateBatch(batch.request.items_size());
}

void SettleStream::OnReadDone(bool ok) {
  auto taken = std::make_unique<Batch>();
  Batch& batch = *taken;
  const broker::Refusal refusal = ok ? Take(in_, batch) : broker::Refusal();
  const bool good = ok && !refusal;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    if (!ok) Close(grpc::Status());
    if (refusal) Close(ToStatus({refusal}));
    if (good) unanswered_.push_back(std::move(taken));
  }
  if (good) {
    batch.settling.emplace(parts_.door, *principal_, batch.request.items(), [this, &batch] { Settled(batch); });
    batch.settling->Start();
  }
  std::unique_lock<std::mutex> lock(mutex_);
  reading_ = false;
  Advance(std::move(lock));
}

// --- Out ---

void SettleStream::Settled(Batch& batch) {
  tokenbroker::v1::SettleStreamResponse response;
  response.set_batch_id(batch.request.batch_id());
  batch.settling->FillResults(response.mutable_items());
  SerializeMessage(response, batch.out);
  std::unique_lock<std::mutex> lock(mutex_);
  batch.settled = true;
  Advance(std::move(lock));
}

void SettleStream::Advance(std::unique_lock<std::mutex> lock) {
  if (finished_) return;
  while (broken_ && !writing_ && !unanswered_.empty() && unanswered_.front()->settled) unanswered_.pop_front();
  if (!writing_ && !unanswered_.empty() && unanswered_.front()->settled) {
    writing_ = true;
    StartWrite(&unanswered_.front()->out);
  }
  if (!reading_ && !closed_ && unanswered_.size() < kMaxUnanswered) {
    reading_ = true;
    StartRead(&in_);
  }
  if (!closed_ || writing_ || !unanswered_.empty()) return;
  finished_ = true;
  const grpc::Status end = end_;
  lock.unlock();
  parts_.metrics.OnDone(end.error_code(), static_cast<double>(ElapsedMicros() - began_) * 1e-6);
  Finish(end);
}

void SettleStream::OnWriteDone(bool ok) {
  std::unique_lock<std::mutex> lock(mutex_);
  writing_ = false;
  unanswered_.pop_front();
  if (!ok) {
    broken_ = true;
    Close(grpc::Status(grpc::StatusCode::CANCELLED, "the caller went away"));
  }
  Advance(std::move(lock));
}

// --- The end ---

void SettleStream::Close(const grpc::Status& status) {
  if (!std::exchange(closed_, true)) end_ = status;
}

void SettleStream::Drain() {
  std::unique_lock<std::mutex> lock(mutex_);
  Close(ToStatus({rpc::Draining()}));
  Advance(std::move(lock));
}

void SettleStream::OnCancel() {
  std::unique_lock<std::mutex> lock(mutex_);
  broken_ = true;
  Close(grpc::Status(grpc::StatusCode::CANCELLED, "the caller went away"));
  Advance(std::move(lock));
}

void SettleStream::OnDone() {
  parts_.streams.Leave(*this);
  delete this;
}

}  // namespace tokenbroker::rpc
