// Batches of settlements as bytes, for the same reason as issue_batch.h.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tokenbroker::benchmarks {

// The bytes of a BatchSettleRequest in which every task succeeds.
class SettleBatch {
 public:
  // For these tasks; each token has TokenPool::kLength characters.
  void Build(const std::vector<std::string>& tokens);

  int items() const { return static_cast<int>(token_at_.size()); }
  std::string_view bytes() const { return bytes_; }

 private:
  std::string bytes_;
  std::vector<size_t> token_at_;
};

inline std::string_view MessageOf(const SettleBatch& batch) { return batch.bytes(); }

struct Settled {
  int items = 0;
  int accepted = 0;
};
// What a BatchSettleResponse says; nothing if the bytes are none.
Settled CountSettled(std::string_view response);

}  // namespace tokenbroker::benchmarks
