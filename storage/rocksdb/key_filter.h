// Says from memory that a key is not in the index: what most look-ups ask for (a new request id, a new correlation
// key), and what RocksDB's own filters, one for each sorted file, take microseconds to answer.
//
// Blocked Bloom filters in segments: 20 bits and one cache line a key and segment, about four wrong "maybe" in ten
// thousand: each costs 25 us. Keys are only ever added. A segment goes when retention has dropped the log that all its
// keys point to. Each new segment has room for as much as stands already: there are few of them, since each is looked
// at for each key. Keys of held tasks, which outlive their log, have segments of their own, which stay until the
// process ends.
//
// A filter that does not know all keys yet says "maybe" to everything; see Complete.
//
// Thread safety: all methods from any thread.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <vector>

#include "absl/types/span.h"
#include "storage/token_store.h"

namespace tokenbroker::storage {

class KeyFilter {
 public:
  // What Find is to find from now on. Entries whose key is no hash are passed over.
  void Add(absl::Span<const IndexEntry> entries);
  void AddHeld(absl::Span<const IndexKey> keys);

  // The index holds no key that was not added.
  void Complete() { complete_.store(true, std::memory_order_release); }
  bool complete() const { return complete_.load(std::memory_order_acquire); }

  // Sets maybe[i] to whether keys[i] may be in the index. Both are of one size.
  void Ask(absl::Span<const IndexKey> keys, absl::Span<bool> maybe) const;

  // Forgets keys that only point below `floor`.
  void DropBefore(Sequence floor);

  size_t SizeBytes() const;

 private:
  static constexpr size_t kBlockBits = 512;
  static constexpr size_t kBitsPerKey = 20;
  static constexpr size_t kSmallest = 1 << 21;  // keys: 5 MiB

  struct alignas(kBlockBits / 8) Block {
    uint64_t words[kBlockBits / 64] = {};
  };

  struct Segment {
    explicit Segment(size_t keys) : capacity(keys), blocks(keys * kBitsPerKey / kBlockBits + 1) {}

    Block& BlockOf(const IndexKey& key);
    const Block& BlockOf(const IndexKey& key) const { return const_cast<Segment*>(this)->BlockOf(key); }
    void Add(const IndexKey& key);
    bool Maybe(const IndexKey& key) const;

    const size_t capacity;
    size_t size = 0;            // guarded by adding_
    Sequence newest = 0;        // guarded by adding_
    std::vector<Block> blocks;  // words are read and written as atomics
  };
  using Segments = std::vector<std::unique_ptr<Segment>>;

  // The last segment, or a new one if that is full.
  Segment& Open(Segments& segments);
  Segment& Append(Segments& segments, size_t keys);

  std::mutex adding_;
  mutable std::shared_mutex lists_;  // of the two vectors, which only change with adding_ held as well
  Segments passing_;
  Segments held_;
  std::atomic<bool> complete_{false};
};

}  // namespace tokenbroker::storage
