#include "server/calls/settle_feed.h"

#include <utility>

namespace tokenbroker::calls {

SettleFeed::SettleFeed(const Parts& parts) : parts_(parts) {}

void SettleFeed::Start() {
  parts_.streams.Enter(*this);
  Advance(std::unique_lock<std::mutex>(mutex_));
}

// --- In ---

void SettleFeed::Take(pb::SettleStreamRequest request) {
  if (const broker::Refusal refusal = ValidateBatch(request.items_size())) return CannotRead(refusal);
  auto taken = std::make_unique<Batch>();
  Batch& batch = *taken;
  batch.request = std::move(request);
  {
    std::lock_guard<std::mutex> lock(mutex_);
    // It was under way when the feed closed: nobody would be answered, and the feed may have ended.
    if (closed_) return;
    unanswered_.push_back(std::move(taken));
  }
  const SettleBatch::Parts settling{parts_.door, parts_.principal, parts_.home, batch.arena};
  batch.settling.emplace(settling, batch.request.items(), [this, &batch] { Settled(batch); });
  batch.settling->Start();
  std::unique_lock<std::mutex> lock(mutex_);
  reading_ = false;
  Advance(std::move(lock));
}

void SettleFeed::CannotRead(const broker::Refusal& refusal) { ReadIsOver(How::kRefused, refusal); }

void SettleFeed::ReadEnd() { ReadIsOver(How::kFinished, {}); }

void SettleFeed::ReadIsOver(How how, broker::Refusal why) {
  std::unique_lock<std::mutex> lock(mutex_);
  reading_ = false;
  Close(how, std::move(why));
  Advance(std::move(lock));
}

// --- Out ---

void SettleFeed::Settled(Batch& batch) {
  std::unique_lock<std::mutex> lock(mutex_);
  batch.settled = true;
  Advance(std::move(lock));
}

void SettleFeed::WriteFirst() {
  const Batch& batch = *unanswered_.front();
  pb::SettleStreamResponse response;
  response.set_batch_id(batch.request.batch_id());
  batch.settling->FillResults(response.mutable_items());
  writing_ = true;
  parts_.sink.Write(response);
}

void SettleFeed::Advance(std::unique_lock<std::mutex> lock) {
  if (ended_) return;
  while (broken_ && !writing_ && !unanswered_.empty() && unanswered_.front()->settled) unanswered_.pop_front();
  if (!writing_ && !unanswered_.empty() && unanswered_.front()->settled) WriteFirst();
  if (!reading_ && !closed_ && unanswered_.size() < kMaxUnanswered) {
    reading_ = true;
    parts_.sink.Read();
  }
  // What is being read must come back first: it comes at the latest when the caller is told of the end, or is gone.
  if (!closed_ || writing_ || !unanswered_.empty()) return;
  ended_ = true;
  const How how = how_;
  const broker::Refusal why = why_;
  lock.unlock();
  parts_.sink.End(how, Refused{why});
}

void SettleFeed::Written(bool ok) {
  std::unique_lock<std::mutex> lock(mutex_);
  writing_ = false;
  unanswered_.pop_front();
  if (!ok) {
    broken_ = true;
    Close(How::kGone);
  }
  Advance(std::move(lock));
}

// --- The end ---

void SettleFeed::Close(How how, broker::Refusal why) {
  if (std::exchange(closed_, true)) return;
  how_ = how;
  why_ = std::move(why);
}

void SettleFeed::Drain() {
  std::unique_lock<std::mutex> lock(mutex_);
  Close(How::kRefused, broker::Draining());
  Advance(std::move(lock));
}

void SettleFeed::Cancel() {
  std::unique_lock<std::mutex> lock(mutex_);
  broken_ = true;
  Close(How::kGone);
  Advance(std::move(lock));
}

}  // namespace tokenbroker::calls
