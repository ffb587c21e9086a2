// Lets an object end although others still hold callbacks into it: after Close, none of them gets in any more.
//
//   client.Send(request, [this, gate = gate_](HttpResult result) {
//     if (const Gate::Pass pass(*gate); pass) Finish(std::move(result));
//   });
//   ...
//   ~Target() { gate_->Close(); }
#pragma once

#include <condition_variable>
#include <mutex>

namespace tokenbroker::outbound {

// Shared by the object and its callbacks. Thread-safe.
class Gate {
 public:
  class Pass {
   public:
    explicit Pass(Gate& gate) : gate_(gate), inside_(gate.Enter()) {}
    ~Pass() {
      if (inside_) gate_.Leave();
    }
    Pass(const Pass&) = delete;
    explicit operator bool() const { return inside_; }

   private:
    Gate& gate_;
    const bool inside_;
  };

  // Returns when nobody is inside. Not to be called from inside.
  void Close() {
    std::unique_lock<std::mutex> lock(mutex_);
    closed_ = true;
    left_.wait(lock, [this] { return inside_ == 0; });
  }

 private:
  bool Enter() {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (!closed_) ++inside_;
    return !closed_;
  }
  void Leave() {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (--inside_ == 0) left_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable left_;
  int inside_ = 0;       // guarded by mutex_
  bool closed_ = false;  // guarded by mutex_
};

}  // namespace tokenbroker::outbound
