// A bound on what many hold together. Thread-safe.
#pragma once

#include <atomic>
#include <cstdint>

namespace tokenbroker::web {

class Budget {
 public:
  explicit Budget(int64_t total) : left_(total) {}

  // False if there is not so much left; then nothing is taken.
  bool Take(int64_t amount) {
    if (left_.fetch_sub(amount, std::memory_order_relaxed) >= amount) return true;
    GiveBack(amount);
    return false;
  }
  void GiveBack(int64_t amount) { left_.fetch_add(amount, std::memory_order_relaxed); }

 private:
  std::atomic<int64_t> left_;
};

}  // namespace tokenbroker::web
