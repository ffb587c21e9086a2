// What other threads hand to a lane: an intrusive list that takes one atomic exchange to add to, and is taken as a
// whole. Whoever adds the first item wakes the lane; a thousand answers in a row cost one wake-up.
#pragma once

#include <atomic>

namespace tokenbroker::http {

class InboxItem {
 public:
  virtual ~InboxItem() = default;
  // On the lane's thread. The item is in no list any more, and may add itself again or delete itself.
  virtual void Deliver() = 0;
  // Instead, if the lane has ended; on any thread.
  virtual void Discard() = 0;

 private:
  friend class Inbox;
  InboxItem* next_ = nullptr;
};

class Inbox {
 public:
  enum class Added { kFirst, kBehind, kClosed };

  // Any thread. kClosed: the item was not taken.
  Added Add(InboxItem& item) {
    InboxItem* top = top_.load(std::memory_order_acquire);
    do {
      if (top == &closed_) return Added::kClosed;
      item.next_ = top;
    } while (!top_.compare_exchange_weak(top, &item, std::memory_order_acq_rel, std::memory_order_acquire));
    return top == nullptr ? Added::kFirst : Added::kBehind;
  }

  // The lane's thread.
  void Deliver() {
    ForEach(top_.exchange(nullptr, std::memory_order_acq_rel), [](InboxItem& item) { item.Deliver(); });
  }
  // From now on nothing is taken.
  void Close() {
    InboxItem* rest = top_.exchange(&closed_, std::memory_order_acq_rel);
    if (rest != &closed_) ForEach(rest, [](InboxItem& item) { item.Discard(); });
  }

 private:
  struct End : InboxItem {
    void Deliver() override {}
    void Discard() override {}
  };

  // In the order in which they were added.
  template <typename Visit>
  static void ForEach(InboxItem* newest, Visit visit) {
    InboxItem* oldest = nullptr;
    while (newest != nullptr) {
      InboxItem* next = newest->next_;
      newest->next_ = oldest;
      oldest = newest;
      newest = next;
    }
    while (oldest != nullptr) {
      InboxItem* next = oldest->next_;
      visit(*oldest);
      oldest = next;
    }
  }

  End closed_;
  std::atomic<InboxItem*> top_{nullptr};
};

}  // namespace tokenbroker::http
