// How many calls are under way: begun, and not yet over.
#pragma once

#include <atomic>
#include <cstdint>

namespace tokenbroker::rpc {

// Thread-safe.
class CallsUnderWay {
 public:
  // One call, for as long as this lives.
  class Entry {
   public:
    explicit Entry(CallsUnderWay& calls) : calls_(calls) { calls_.count_.fetch_add(1, std::memory_order_relaxed); }
    ~Entry() { calls_.count_.fetch_sub(1, std::memory_order_release); }
    Entry(const Entry&) = delete;
    Entry& operator=(const Entry&) = delete;

   private:
    CallsUnderWay& calls_;
  };

  bool none() const { return count_.load(std::memory_order_acquire) == 0; }

 private:
  std::atomic<int64_t> count_{0};
};

}  // namespace tokenbroker::rpc
