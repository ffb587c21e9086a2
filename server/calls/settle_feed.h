// SettleStream: batches in, answers out, in order, while the caller keeps the stream open.
//
// At most kMaxUnanswered batches are taken in before the first is answered; then nothing is read until one is, and the
// caller's writes stop: that is the back-pressure.
#pragma once

#include <deque>
#include <memory>
#include <mutex>
#include <optional>

#include "server/calls/door.h"
#include "server/calls/errors.h"
#include "server/calls/settle_batch.h"
#include "server/calls/streams.h"
#include "tokenbroker/v1/resolver_service.pb.h"

namespace tokenbroker::calls {

class SettleFeed : private Stream {
 public:
  static constexpr size_t kMaxUnanswered = 4;

  // The caller's side. Called on any thread, under the feed's lock but for End: must not call back at once.
  class Sink {
   public:
    // Waits for the next batch: Take, CannotRead or ReadEnd follows.
    virtual void Read() = 0;
    // Written follows.
    virtual void Write(const pb::SettleStreamResponse& response) = 0;
    enum class How { kFinished, kRefused, kGone };
    // The last call. It may come while the registry of streams is locked, which the feed leaves when it is destroyed:
    // not in this call, therefore, but any time after it.
    virtual void End(How how, const Refused& why) = 0;

   protected:
    ~Sink() = default;
  };
  struct Parts {
    const Door& door;
    Streams& streams;
    const broker::Principal& principal;
    Home& home;
    Sink& sink;
  };

  explicit SettleFeed(const Parts& parts);
  // After End, or before Start.
  ~SettleFeed() override { parts_.streams.Leave(*this); }

  // Once.
  void Start();
  // What came of Read: a batch, something that is none, or the end.
  void Take(pb::SettleStreamRequest request);
  void CannotRead(const broker::Refusal& refusal);
  void ReadEnd();
  void Written(bool ok);
  // The caller has gone away. Any time; does nothing after End.
  void Cancel();

 private:
  using How = Sink::How;

  struct Batch {
    pb::SettleStreamRequest request;
    google::protobuf::Arena arena;
    std::optional<SettleBatch> settling;
    bool settled = false;
  };

  void Settled(Batch& batch);
  // Takes the next steps, if there are any: write an answer, read a batch, end. Releases the lock; afterwards the feed
  // may be gone.
  void Advance(std::unique_lock<std::mutex> lock);
  void WriteFirst();
  // No more batches are read. With the lock held.
  void Close(How how, broker::Refusal why = {});
  void ReadIsOver(How how, broker::Refusal why);
  void Drain() override;

  const Parts parts_;

  std::mutex mutex_;
  // All guarded by mutex_:
  std::deque<std::unique_ptr<Batch>> unanswered_;
  bool reading_ = false;
  bool writing_ = false;
  bool closed_ = false;
  bool broken_ = false;  // the caller is gone: answers go nowhere
  bool ended_ = false;
  How how_ = How::kFinished;
  broker::Refusal why_;
};

}  // namespace tokenbroker::calls
