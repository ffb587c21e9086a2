// Why tasks whose grace time runs are cancelled, if it was said: the cause of their outcome.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "storage/token_store.h"

namespace tokenbroker::broker {

class CancelReasons {
 public:
  using Map = absl::flat_hash_map<storage::Sequence, std::string>;

  // Whether all reasons would hold `bytes_max` at most with this one, in the place of the one that the task has.
  bool Fits(storage::Sequence task, std::string_view reason, uint64_t bytes_max) const {
    return reason.empty() || bytes_ - Bytes(Find(task)) + Bytes(reason) <= bytes_max;
  }

  // The latest counts; none changes nothing.
  void Keep(storage::Sequence task, std::string_view reason) {
    if (reason.empty()) return;
    Forget(task);
    reasons_[task] = reason;
    bytes_ += Bytes(reason);
  }

  void Forget(storage::Sequence task) {
    const auto found = reasons_.find(task);
    if (found == reasons_.end()) return;
    bytes_ -= Bytes(found->second);
    reasons_.erase(found);
  }

  // Empty if there is none. Valid until the next Keep or Forget.
  std::string_view Find(storage::Sequence task) const {
    const auto found = reasons_.find(task);
    return found == reasons_.end() ? std::string_view() : found->second;
  }

  size_t size() const { return reasons_.size(); }
  Map::const_iterator begin() const { return reasons_.begin(); }
  Map::const_iterator end() const { return reasons_.end(); }

 private:
  static uint64_t Bytes(std::string_view reason) { return reason.empty() ? 0 : reason.size() + 128; }

  Map reasons_;
  uint64_t bytes_ = 0;
};

}  // namespace tokenbroker::broker
