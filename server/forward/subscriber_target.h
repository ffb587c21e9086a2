// The target of engines that fetch their outcomes: hands each to one of those who have subscribed, as they give credit.
//
//   forwarder ── Deliver ──▶ target ── Take ──▶ subscriber ── Sent, Settle ──▶ target ── done ──▶ forwarder
//
// Without a subscriber, or credit, there is no room, and nothing is tried: what is owed waits in the outbox. What a
// subscriber had been given and did not settle when it left is handed back, and tried again at once where there is
// room.
//
// Payloads are in memory only until they are sent: at most kMaxUnsent for each subscriber. Behind that, an id and a
// callback for each of kMaxWindow.
//
// Thread-safe.
#pragma once

#include <functional>
#include <list>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "server/forward/outcome_target.h"

namespace tokenbroker::forward {

class Subscriber {
 public:
  // A delivery for it; `delivery` is left alone if the answer is false: it is about to leave. Called under the target's
  // lock: must be quick, and must not call the target.
  virtual bool Take(Delivery&& delivery) = 0;

 protected:
  ~Subscriber() = default;
};

class SubscriberTarget : public OutcomeTarget {
 public:
  static constexpr size_t kMaxSubscribers = 64;
  // Credit and what is not settled, together, of one subscriber.
  static constexpr int kMaxWindow = 1'000;
  static constexpr int kMaxUnsent = 8;

  // Subscribers must have left.
  ~SubscriberTarget() override = default;

  // --- The subscribers' side. None of these may be called under a lock that Take needs. ---

  // False: there are as many as may be.
  bool Join(Subscriber& subscriber);
  // False, and nothing is given: it would be more than kMaxWindow.
  bool AddCredit(Subscriber& subscriber, int credit);
  // The oldest that it took and did not send yet is sent.
  void Sent(Subscriber& subscriber);
  // What the subscriber says to a delivery. Does nothing if it does not hold it.
  void Settle(Subscriber& subscriber, const std::string& delivery_id, Answer answer);
  // It takes no more; hands back what it holds. All but `unsent` of it may have arrived. Does nothing if it is not
  // there.
  void Leave(Subscriber& subscriber, const std::vector<std::string>& unsent);

  int subscribers() const;

  // --- The forwarder's side ---

  void Deliver(Delivery delivery, Done done) override;
  int max_under_way() const override { return static_cast<int>(kMaxSubscribers) * kMaxWindow; }
  int room() const override;
  void OnRoom(std::function<void()> more) override;

 private:
  struct Place {
    Subscriber* who;
    int credit = 0;
    int unsent = 0;
    absl::flat_hash_map<std::string, Done> held;

    int room() const;
  };
  using Places = std::list<Place>;

  // With the lock held:
  Places::iterator Find(const Subscriber& subscriber);
  int RoomNow() const;
  bool HandOver(Delivery& delivery, Done& done);
  // `was`: the room before.
  void TellOfRoom(int was, std::unique_lock<std::mutex> lock);

  mutable std::mutex mutex_;
  Places places_;               // guarded by mutex_; whose turn it is stands first
  std::function<void()> more_;  // set before it is used
};

// By the names of the targets.
using SubscriberTargets = std::map<std::string, SubscriberTarget*, std::less<>>;

}  // namespace tokenbroker::forward
