// Index entries in the order in which they came, each key once, and where to find it.
//
// What is hashed are the places of the entries, four bytes each: most of what is asked for is not there, and a table so
// small says so from the cache, which one of whole entries, six times as large, does not.
//
// Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/types/span.h"
#include "storage/token_store.h"

namespace tokenbroker::broker {

class EntryTable {
 public:
  // Hashed keys are random already; the others are sequence numbers, which the multiplication spreads.
  static size_t HashOf(const storage::IndexKey& key) { return (key.hi ^ key.lo) * 0x9e3779b97f4a7c15u; }

  // Begins to load into the cache what Find and Put will need.
  void Prefetch(const storage::IndexKey& key) const { places_.prefetch(key); }

  // 0 if there is nothing.
  storage::Sequence Find(const storage::IndexKey& key) const {
    const auto place = places_.find(key);
    return place == places_.end() ? 0 : (*entries_)[*place].sequence;
  }

  // True if the key is new; otherwise its entry has the new number now.
  bool Put(const storage::IndexKey& key, storage::Sequence sequence) {
    bool added = false;
    const auto place = places_.lazy_emplace(key, [&](const auto& make) {
      added = true;
      make(static_cast<uint32_t>(entries_->size()));
      entries_->push_back({key, sequence});
    });
    if (!added) (*entries_)[*place].sequence = sequence;
    return added;
  }

  void Reserve(size_t entries) {
    entries_->reserve(entries);
    places_.reserve(entries);
  }

  absl::Span<const storage::IndexEntry> entries() const { return *entries_; }

 private:
  using Entries = std::vector<storage::IndexEntry>;

  struct Hash {
    using is_transparent = void;
    const Entries* entries;
    size_t operator()(const storage::IndexKey& key) const { return HashOf(key); }
    size_t operator()(uint32_t place) const { return HashOf((*entries)[place].key); }
  };
  struct Equal {
    using is_transparent = void;
    const Entries* entries;
    bool operator()(uint32_t place, const storage::IndexKey& key) const { return (*entries)[place].key == key; }
    bool operator()(uint32_t a, uint32_t b) const { return a == b; }
  };

  std::unique_ptr<Entries> entries_ = std::make_unique<Entries>();  // where the functors find it, wherever this moves
  absl::flat_hash_set<uint32_t, Hash, Equal> places_{0, Hash{entries_.get()}, Equal{entries_.get()}};
};

}  // namespace tokenbroker::broker
