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

#include "server/broker/entry_table.h"
#include "storage/token_store.h"

namespace tokenbroker::broker {

class IndexDelta {
  // A table that grows moves all that it holds at once, while everybody waits: one of a million entries for 60 ms, one
  // of these parts for less than a millisecond.
  static constexpr int kPartBits = 6;

 public:
  using Entries = std::array<EntryTable, 1 << kPartBits>;

  // Begins to load into the cache what Find and Put will need.
  void Prefetch(const storage::IndexKey& key) const {
    active_[PartOf(key)].Prefetch(key);
    if (frozen_ != nullptr) (*frozen_)[PartOf(key)].Prefetch(key);
  }

  void Put(const storage::IndexKey& key, storage::Sequence sequence) {
    active_size_ += active_[PartOf(key)].Put(key, sequence);
  }

  // 0 if there is nothing; then the store knows.
  storage::Sequence Find(const storage::IndexKey& key) const {
    const storage::Sequence found = active_[PartOf(key)].Find(key);
    return found != 0 || frozen_ == nullptr ? found : (*frozen_)[PartOf(key)].Find(key);
  }

  size_t active_size() const { return active_size_; }
  bool frozen() const { return frozen_ != nullptr; }

  // Begins a checkpoint. There must be no frozen entries.
  std::shared_ptr<const Entries> Freeze() {
    auto frozen = std::make_shared<Entries>(std::move(active_));
    for (size_t i = 0; i < active_.size(); ++i) {
      active_[i] = EntryTable();
      active_[i].Reserve((*frozen)[i].entries().size());
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
      for (const auto& [key, sequence] : (*frozen_)[i].entries()) {
        if (active_[i].Find(key) == 0) active_size_ += active_[i].Put(key, sequence);
      }
    }
    frozen_ = nullptr;
  }

 private:
  static size_t PartOf(const storage::IndexKey& key) { return EntryTable::HashOf(key) >> (64 - kPartBits); }

  Entries active_;
  size_t active_size_ = 0;
  std::shared_ptr<const Entries> frozen_;
};

}  // namespace tokenbroker::broker
