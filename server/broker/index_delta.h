// The index entries that are not in the store yet: those since the last checkpoint ("active"), and, while a checkpoint
// is being written, those that it writes ("frozen"). What is asked for is looked up in both, newest first, then in the
// store.
//
// Not thread-safe, but for the frozen entries, which do not change and may be read by the thread that writes the
// checkpoint.
#pragma once

#include <array>
#include <memory>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "storage/token_store.h"

namespace tokenbroker::broker {

class IndexDelta {
  // Hashed keys are random already; the others are sequence numbers, which the multiplication spreads.
  struct Hash {
    size_t operator()(const storage::IndexKey& key) const { return (key.hi ^ key.lo) * 0x9e3779b97f4a7c15u; }
  };
  using Part = absl::flat_hash_map<storage::IndexKey, storage::Sequence, Hash>;

  // A table that grows moves all that it holds at once, while everybody waits: one of a million entries for 60 ms, one
  // of these parts for less than a millisecond.
  static constexpr int kPartBits = 6;

 public:
  using Entries = std::array<Part, 1 << kPartBits>;

  // Begins to load into the cache what Find and Put will need.
  void Prefetch(const storage::IndexKey& key) const { active_[PartOf(key)].prefetch(key); }

  void Put(const storage::IndexKey& key, storage::Sequence sequence) {
    active_size_ += active_[PartOf(key)].insert_or_assign(key, sequence).second;
  }

  // 0 if there is nothing; then the store knows.
  storage::Sequence Find(const storage::IndexKey& key) const {
    const storage::Sequence found = FindIn(active_, key);
    return found != 0 || frozen_ == nullptr ? found : FindIn(*frozen_, key);
  }

  size_t active_size() const { return active_size_; }
  bool frozen() const { return frozen_ != nullptr; }

  // Begins a checkpoint. There must be no frozen entries.
  std::shared_ptr<const Entries> Freeze() {
    auto frozen = std::make_shared<Entries>(std::move(active_));
    for (size_t i = 0; i < active_.size(); ++i) {
      active_[i] = Part();
      active_[i].reserve((*frozen)[i].size());
    }
    active_size_ = 0;
    frozen_ = frozen;
    return frozen;
  }

  // The frozen entries are in the store now.
  void Thaw() { frozen_ = nullptr; }

  // The checkpoint failed: the entries are to be written by the next one.
  void Refreeze() {
    for (size_t i = 0; i < active_.size(); ++i) {
      for (const auto& [key, sequence] : (*frozen_)[i]) active_size_ += active_[i].try_emplace(key, sequence).second;
    }
    frozen_ = nullptr;
  }

 private:
  static size_t PartOf(const storage::IndexKey& key) { return Hash()(key) >> (64 - kPartBits); }

  static storage::Sequence FindIn(const Entries& entries, const storage::IndexKey& key) {
    const Part& part = entries[PartOf(key)];
    const auto found = part.find(key);
    return found == part.end() ? 0 : found->second;
  }

  Entries active_;
  size_t active_size_ = 0;
  std::shared_ptr<const Entries> frozen_;
};

}  // namespace tokenbroker::broker
