#include "server/forward/subscriber_target.h"

#include <algorithm>
#include <utility>

namespace tokenbroker::forward {
namespace {

Answer HandedBack(const char* code, bool may_have_arrived) {
  Answer answer;
  answer.kind = Answer::Kind::kHandedBack;
  answer.code = code;
  answer.may_have_arrived = may_have_arrived;
  return answer;
}

}  // namespace

int SubscriberTarget::Place::room() const { return std::max(0, std::min(credit, kMaxUnsent - unsent)); }

// --- Subscribers ---

bool SubscriberTarget::Join(Subscriber& subscriber) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (places_.size() >= kMaxSubscribers) return false;
  places_.push_front({&subscriber});
  return true;
}

bool SubscriberTarget::AddCredit(Subscriber& subscriber, int credit) {
  std::unique_lock<std::mutex> lock(mutex_);
  const auto place = Find(subscriber);
  if (place == places_.end()) return true;
  if (credit > kMaxWindow - place->credit - static_cast<int>(place->held.size())) return false;
  const int was = RoomNow();
  place->credit += credit;
  TellOfRoom(was, std::move(lock));
  return true;
}

void SubscriberTarget::Sent(Subscriber& subscriber) {
  std::unique_lock<std::mutex> lock(mutex_);
  const auto place = Find(subscriber);
  if (place == places_.end()) return;
  const int was = RoomNow();
  --place->unsent;
  TellOfRoom(was, std::move(lock));
}

void SubscriberTarget::Settle(Subscriber& subscriber, const std::string& delivery_id, Answer answer) {
  Done done;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    const auto place = Find(subscriber);
    if (place == places_.end()) return;
    auto held = place->held.extract(delivery_id);
    if (held.empty()) return;
    done = std::move(held.mapped());
  }
  done(std::move(answer));
}

void SubscriberTarget::Leave(Subscriber& subscriber, const std::vector<std::string>& unsent) {
  Places left;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    const auto place = Find(subscriber);
    if (place == places_.end()) return;
    left.splice(left.end(), places_, place);
  }
  auto& held = left.front().held;
  for (const std::string& id : unsent) {
    auto never_sent = held.extract(id);
    if (!never_sent.empty()) never_sent.mapped()(HandedBack("NotSent", false));
  }
  for (auto& [id, done] : held) done(HandedBack("SubscriberGone", true));
}

int SubscriberTarget::subscribers() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return static_cast<int>(places_.size());
}

SubscriberTarget::Places::iterator SubscriberTarget::Find(const Subscriber& subscriber) {
  return std::find_if(places_.begin(), places_.end(), [&](const Place& place) { return place.who == &subscriber; });
}

// --- Forwarder ---

void SubscriberTarget::Deliver(Delivery delivery, Done done) {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    if (HandOver(delivery, done)) return;
  }
  // Whoever had given the credit has left meanwhile.
  done(HandedBack("NoSubscriber", false));
}

bool SubscriberTarget::HandOver(Delivery& delivery, Done& done) {
  const std::string id = delivery.id;
  for (auto place = places_.begin(); place != places_.end(); ++place) {
    if (place->room() == 0) continue;
    if (!place->who->Take(std::move(delivery))) {
      place->credit = 0;
      continue;
    }
    --place->credit;
    ++place->unsent;
    // One that it holds already was given up by the forwarder: this try counts.
    place->held.insert_or_assign(id, std::move(done));
    places_.splice(places_.end(), places_, place);
    return true;
  }
  return false;
}

int SubscriberTarget::room() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return RoomNow();
}

int SubscriberTarget::RoomNow() const {
  int room = 0;
  for (const Place& place : places_) room += place.room();
  return room;
}

void SubscriberTarget::OnRoom(std::function<void()> more) { more_ = std::move(more); }

// While there is room the forwarder does not sleep on anything that could use it.
void SubscriberTarget::TellOfRoom(int was, std::unique_lock<std::mutex> lock) {
  const bool more = was == 0 && RoomNow() > 0;
  lock.unlock();
  if (more && more_) more_();
}

}  // namespace tokenbroker::forward
