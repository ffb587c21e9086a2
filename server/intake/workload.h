// What is in hand, for those who wait until it is done.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

#include "base/clock.h"

namespace tokenbroker::intake {

// Thread-safe.
class Workload {
 public:
  void Begin() {
    const std::lock_guard<std::mutex> lock(mutex_);
    ++in_hand_;
  }
  void End() {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (--in_hand_ == 0) done_.notify_all();
  }
  int in_hand() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return in_hand_;
  }

  void Wait() {
    std::unique_lock<std::mutex> lock(mutex_);
    done_.wait(lock, [this] { return in_hand_ == 0; });
  }
  // False if the time ends first.
  bool WaitFor(DurationMs time) {
    std::unique_lock<std::mutex> lock(mutex_);
    return done_.wait_for(lock, std::chrono::milliseconds(time), [this] { return in_hand_ == 0; });
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable done_;
  int in_hand_ = 0;  // guarded by mutex_
};

}  // namespace tokenbroker::intake
