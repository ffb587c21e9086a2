// How many calls are under way, for whoever wants to close when there are none.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <stop_token>

namespace tokenbroker::rpc {

// Thread-safe.
class UnderWay {
 public:
  void Began() { count_.fetch_add(1, std::memory_order_relaxed); }
  void Ended() {
    if (count_.fetch_sub(1, std::memory_order_seq_cst) != 1 || !awaited_.load(std::memory_order_seq_cst)) return;
    std::lock_guard<std::mutex> lock(mutex_);
    none_.notify_all();
  }

  // False if it was asked to stop before.
  bool AwaitNone(const std::stop_token& stop) {
    std::unique_lock<std::mutex> lock(mutex_);
    awaited_.store(true, std::memory_order_seq_cst);
    return none_.wait(lock, stop, [this] { return count_.load(std::memory_order_seq_cst) == 0; });
  }

 private:
  std::atomic<int64_t> count_{0};
  std::atomic<bool> awaited_{false};
  std::mutex mutex_;
  std::condition_variable_any none_;
};

}  // namespace tokenbroker::rpc
