// How many calls are under way, how many requests listen for more, and whether those are let in: for a server that
// wants to close.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>

namespace tokenbroker::rpc {

// Thread-safe.
class UnderWay {
 public:
  void Began() { count_.fetch_add(1, std::memory_order_relaxed); }
  void Ended() {
    if (count_.fetch_sub(1, std::memory_order_seq_cst) != 1 || !closed()) return;
    std::lock_guard<std::mutex> lock(mutex_);
    none_.notify_all();
  }

  // A request listens for a call. When that has come the next one listens in its place.
  void Listens() { listening_.fetch_add(1, std::memory_order_relaxed); }
  // The server has been shut down: the request came back without a call.
  void ListensNoMore() {
    if (listening_.fetch_sub(1, std::memory_order_seq_cst) != 1) return;
    std::lock_guard<std::mutex> lock(mutex_);
    none_.notify_all();
  }

  // New calls are to be refused from now on.
  void Close() { closed_.store(true, std::memory_order_seq_cst); }
  bool closed() const { return closed_.load(std::memory_order_seq_cst); }

  // After Close. False if some are still under way after so long.
  bool AwaitNone(std::chrono::milliseconds longest) {
    std::unique_lock<std::mutex> lock(mutex_);
    return none_.wait_for(lock, longest, [this] { return none(); });
  }
  // After Close and the server's shutdown: whether nothing listens any more and all calls have ended. A call that had
  // come may still be on its way to its thread when the last of the others ends: it is among those that listen then.
  bool ended() const { return listening_.load(std::memory_order_seq_cst) == 0 && none(); }
  void AwaitEnd() {
    std::unique_lock<std::mutex> lock(mutex_);
    none_.wait(lock, [this] { return ended(); });
  }

 private:
  bool none() const { return count_.load(std::memory_order_seq_cst) == 0; }

  std::atomic<int64_t> count_{0};
  std::atomic<int64_t> listening_{0};
  std::atomic<bool> closed_{false};
  std::mutex mutex_;
  std::condition_variable none_;
};

}  // namespace tokenbroker::rpc
