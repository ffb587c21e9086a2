// A thread that something lives on, and the way back to it for those who worked elsewhere.
#pragma once

#include <atomic>
#include <utility>

namespace tokenbroker {

class Visit;

// A visit's place in a list. The list is a friend of this alone, so that it cannot destroy visits.
class VisitLink {
 private:
  friend class VisitList;
  Visit* next_ = nullptr;
};

// Something that is to go on at home.
class Visit : public VisitLink {
 public:
  // Called on the home's thread. The visit may be posted again, or be destroyed, in it.
  virtual void Resume() = 0;

 protected:
  ~Visit() = default;
};

class Home {
 public:
  virtual ~Home() = default;
  // Whether this is the home's thread.
  virtual bool Here() const = 0;
  // Resumes the visit soon, on the home's thread, in the order of posting. From any thread; never blocks. A visit may
  // be posted again only after it was resumed.
  virtual void Post(Visit& visit) = 0;
};

// The visits that wait. Posting is lock-free; one thread takes.
class VisitList {
 public:
  // True if there were none.
  bool Push(Visit& visit) {
    Visit* newest = newest_.load(std::memory_order_relaxed);
    do {
      visit.next_ = newest;
    } while (!newest_.compare_exchange_weak(newest, &visit, std::memory_order_seq_cst));
    return newest == nullptr;
  }

  bool empty() const { return newest_.load(std::memory_order_seq_cst) == nullptr; }

  // Resumes all, oldest first. False if there were none.
  bool ResumeAll() {
    if (newest_.load(std::memory_order_relaxed) == nullptr) return false;
    Visit* newest = newest_.exchange(nullptr, std::memory_order_acquire);
    Visit* oldest = nullptr;
    while (newest != nullptr) {
      Visit* const older = std::exchange(newest->next_, oldest);
      oldest = std::exchange(newest, older);
    }
    while (oldest != nullptr) std::exchange(oldest, oldest->next_)->Resume();
    return true;
  }

 private:
  std::atomic<Visit*> newest_{nullptr};
};

}  // namespace tokenbroker
