// Subscribe: deliveries out as the caller gives credit, answers in, while the stream is open.
//
//   SubscriberTarget ── Take ──▶ queue ──▶ Write ──▶ the caller
//                    ◀── Settle, AddCredit ── Take ◀── Read
//
// The target bounds what is queued here. What was queued and not written when the stream ends was not sent; the rest
// that the caller did not answer may have arrived.
#pragma once

#include <deque>
#include <mutex>

#include "server/calls/door.h"
#include "server/calls/errors.h"
#include "server/calls/streams.h"
#include "server/forward/subscriber_target.h"
#include "tokenbroker/v1/delivery_service.pb.h"

namespace tokenbroker::calls {

class SubscribeFeed : private Stream, private forward::Subscriber {
 public:
  // The caller's side. Called on any thread, under the feed's lock but for End: must not call back at once.
  class Sink {
   public:
    // Waits for the next message: Take, CannotRead or ReadEnd follows.
    virtual void Read() = 0;
    // Written follows.
    virtual void Write(const pb::SubscribeResponse& response) = 0;
    enum class How { kFinished, kRefused, kGone };
    // The last call. It may come while the registry of streams is locked, or within any call to the feed: the feed is
    // to be destroyed later, when those have returned.
    virtual void End(How how, const Refused& why) = 0;

   protected:
    ~Sink() = default;
  };
  struct Parts {
    const Door& door;
    Streams& streams;
    const broker::Principal& principal;
    Sink& sink;
  };

  explicit SubscribeFeed(const Parts& parts) : parts_(parts) {}
  // After End, or before Start.
  ~SubscribeFeed() override { parts_.streams.Leave(*this); }

  // Once.
  void Start();
  // What came of Read: a message, something that is none, or the end.
  void Take(const pb::SubscribeRequest& request);
  void CannotRead(const broker::Refusal& refusal) { Close(How::kRefused, refusal); }
  void ReadEnd() { Close(How::kFinished); }
  void Written(bool ok);
  // The caller has gone away. Any time; does nothing after End.
  void Cancel() { Close(How::kGone); }

 private:
  using How = Sink::How;

  broker::Refusal Join(const pb::SubscribeRequest& request);
  broker::Refusal Go(const pb::SubscribeRequest& request);
  void Read();
  bool Take(forward::Delivery&& delivery) override;
  // With the lock held.
  void WriteNext();
  // Nothing more is taken either way, and what was not answered is handed back; End follows when no write is under way.
  // Not under the lock.
  void Close(How how, broker::Refusal why = {});
  // Releases the lock.
  void EndIfOver(std::unique_lock<std::mutex> lock);
  void Drain() override { Close(How::kRefused, broker::Draining()); }

  const Parts parts_;

  std::mutex mutex_;
  // All guarded by mutex_:
  // Null: the first message has not come. Set while that is taken, and what follows from it may look without the lock.
  forward::SubscriberTarget* target_ = nullptr;
  std::deque<forward::Delivery> queue_;
  bool writing_ = false;
  bool closed_ = false;
  bool left_ = false;  // and nothing is handed back any more
  bool ended_ = false;
  How how_ = How::kFinished;
  broker::Refusal why_;
};

}  // namespace tokenbroker::calls
