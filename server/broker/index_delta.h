// The index entries that are not in the store yet: those since the last checkpoint ("active"), and, while a checkpoint
// is being written, those that it writes ("frozen"). What is asked for is looked up in both, newest first, then in the
// store.
//
// Not thread-safe, but for the frozen map, which does not change and may be read by the thread that writes the
// checkpoint.
#pragma once

#include <memory>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "storage/token_store.h"

namespace tokenbroker::broker {

class IndexDelta {
 public:
  // Hashed keys are random already; the others are sequence numbers, which the multiplication spreads.
  struct Hash {
    size_t operator()(const storage::IndexKey& key) const { return (key.hi ^ key.lo) * 0x9e3779b97f4a7c15u; }
  };
  using Map = absl::flat_hash_map<storage::IndexKey, storage::Sequence, Hash>;

  // Begins to load into the cache what Find and Put will need.
  void Prefetch(const storage::IndexKey& key) const { active_.prefetch(key); }

  void Put(const storage::IndexKey& key, storage::Sequence sequence) { active_[key] = sequence; }

  // 0 if there is nothing; then the store knows.
  storage::Sequence Find(const storage::IndexKey& key) const {
    if (auto found = active_.find(key); found != active_.end()) return found->second;
    if (frozen_ == nullptr) return 0;
    auto found = frozen_->find(key);
    return found == frozen_->end() ? 0 : found->second;
  }

  size_t active_size() const { return active_.size(); }
  bool frozen() const { return frozen_ != nullptr; }

  // Begins a checkpoint. There must be no frozen map.
  std::shared_ptr<const Map> Freeze() {
    auto frozen = std::make_shared<Map>(std::move(active_));
    active_ = Map();
    active_.reserve(frozen->size());
    frozen_ = frozen;
    return frozen;
  }

  // The frozen entries are in the store now.
  void Thaw() { frozen_ = nullptr; }

  // The checkpoint failed: the entries are to be written by the next one.
  void Refreeze() {
    for (const auto& [key, sequence] : *frozen_) active_.try_emplace(key, sequence);
    frozen_ = nullptr;
  }

 private:
  Map active_;
  std::shared_ptr<const Map> frozen_;
};

}  // namespace tokenbroker::broker
