// Small entries by sequence number, in blocks of 64 neighbouring numbers.
//
// A block is one array of just the entries that are there, so memory follows their number and growing never moves more
// than a block. What is erased leaves its place empty until few are left: to close the gap at once would touch the
// whole block for each. The block is also the unit of the checkpoint: Pack gives its bytes, Load takes them back.
//
// Entries are plain bytes, and say with `kSetName` what a damaged block is a block of.
//
// Not thread-safe. Pointers from Find and Insert hold until the next Insert or Erase.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <type_traits>
#include <vector>

#include "absl/container/btree_set.h"
#include "absl/container/flat_hash_map.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "storage/token_store.h"

namespace tokenbroker::broker {

using storage::Sequence;

// The number of the block that it lies in.
constexpr uint64_t BlockOf(Sequence sequence) { return sequence >> 6; }

template <typename Entry>
class BlockSet {
 public:
  static_assert(std::is_trivially_copyable_v<Entry>);

  BlockSet() = default;
  ~BlockSet();
  BlockSet(const BlockSet&) = delete;
  BlockSet& operator=(const BlockSet&) = delete;

  Entry* Find(Sequence sequence);
  const Entry* Find(Sequence sequence) const { return const_cast<BlockSet*>(this)->Find(sequence); }

  // Begins to load into the cache what Find will need; and some time after that, the entry itself.
  void Prefetch(Sequence sequence) const { blocks_.prefetch(BlockOf(sequence)); }
  void PrefetchEntry(Sequence sequence) const { __builtin_prefetch(Find(sequence)); }

  // Adds the entry, or replaces it.
  Entry* Insert(Sequence sequence, const Entry& entry);

  // False if it was not there.
  bool Erase(Sequence sequence);
  void EraseFrom(Sequence first);

  // To be called after changing an entry in place, if the change must be in the next checkpoint.
  void MarkDirty(Sequence sequence) { MarkBlockDirty(BlockOf(sequence)); }
  // The block goes into the next checkpoint, even if nothing of it is there any more.
  void MarkBlockDirty(uint64_t number);

  // Visits entries from `from` on in ascending order until `visit` returns false.
  void VisitFrom(Sequence from, absl::FunctionRef<bool(Sequence, Entry&)> visit);

  size_t size() const { return size_; }
  // The smallest sequence number, 0 if empty.
  Sequence oldest() const;

  // --- Checkpoint ---

  // The numbers of the blocks that changed since the last call; forgets them.
  std::vector<uint64_t> TakeDirtyBlocks();
  // The block as it is now; empty bytes if nothing of it is there.
  storage::OpenBlock Pack(uint64_t block) const;
  // DATA_LOSS if the bytes are not those of a block.
  absl::Status Load(uint64_t block, std::string_view bytes);

 private:
  struct Block {
    uint64_t present = 0;  // bit i: sequence number 64 * number + i is there
    uint64_t placed = 0;   // bit i: it has a place in the array, if only an empty one
    Entry* entries = nullptr;
    uint8_t capacity = 0;
    bool dirty = false;
  };

  static constexpr int BitOf(Sequence sequence) { return static_cast<int>(sequence & 63); }
  static constexpr uint64_t MaskOf(int bit) { return uint64_t{1} << bit; }

  Block& BlockFor(uint64_t number);
  static Entry* At(const Block& block, int bit);
  // Moves what is there into an array of this capacity, without empty places.
  static void Repack(Block& block, int capacity);
  void Touch(uint64_t number, Block& block);

  // The blocks by number, and the numbers in order: looking up must be quick, walking in order must be possible.
  absl::flat_hash_map<uint64_t, Block> blocks_;
  absl::btree_set<uint64_t> numbers_;
  std::vector<uint64_t> dirty_;
  size_t size_ = 0;
};

template <typename Entry>
BlockSet<Entry>::~BlockSet() {
  for (auto& [number, block] : blocks_) std::free(block.entries);
}

// The place of `bit`, or the one where it is to be put.
template <typename Entry>
Entry* BlockSet<Entry>::At(const Block& block, int bit) {
  return block.entries + std::popcount(block.placed & (MaskOf(bit) - 1));
}

template <typename Entry>
Entry* BlockSet<Entry>::Find(Sequence sequence) {
  auto found = blocks_.find(BlockOf(sequence));
  if (found == blocks_.end() || (found->second.present & MaskOf(BitOf(sequence))) == 0) return nullptr;
  return At(found->second, BitOf(sequence));
}

template <typename Entry>
void BlockSet<Entry>::Repack(Block& block, int capacity) {
  auto* const entries = static_cast<Entry*>(std::malloc(capacity * sizeof(Entry)));
  Entry* to = entries;
  for (uint64_t rest = block.present; rest != 0; rest &= rest - 1) *to++ = *At(block, std::countr_zero(rest));
  std::free(block.entries);
  block.entries = entries;
  block.placed = block.present;
  block.capacity = static_cast<uint8_t>(capacity);
}

template <typename Entry>
typename BlockSet<Entry>::Block& BlockSet<Entry>::BlockFor(uint64_t number) {
  auto [at, added] = blocks_.try_emplace(number);
  if (added) numbers_.insert(numbers_.end(), number);
  return at->second;
}

template <typename Entry>
Entry* BlockSet<Entry>::Insert(Sequence sequence, const Entry& entry) {
  const uint64_t number = BlockOf(sequence);
  const int bit = BitOf(sequence);
  Block& block = BlockFor(number);
  Touch(number, block);
  if ((block.placed & MaskOf(bit)) == 0) {
    if (std::popcount(block.placed) == block.capacity) {
      Repack(block, std::clamp(std::popcount(block.present) * 2, 4, 64));
    }
    Entry* const at = At(block, bit);
    const size_t behind = block.entries + std::popcount(block.placed) - at;
    std::memmove(static_cast<void*>(at + 1), at, behind * sizeof(Entry));
    block.placed |= MaskOf(bit);
  }
  if ((block.present & MaskOf(bit)) == 0) ++size_;
  block.present |= MaskOf(bit);
  return &(*At(block, bit) = entry);
}

template <typename Entry>
bool BlockSet<Entry>::Erase(Sequence sequence) {
  auto found = blocks_.find(BlockOf(sequence));
  if (found == blocks_.end() || (found->second.present & MaskOf(BitOf(sequence))) == 0) return false;
  Block& block = found->second;
  Touch(found->first, block);
  block.present &= ~MaskOf(BitOf(sequence));
  --size_;
  const int count = std::popcount(block.present);
  if (count == 0) {
    std::free(block.entries);
    numbers_.erase(found->first);
    blocks_.erase(found);
  } else if (count * 4 <= block.capacity) {
    Repack(block, count * 2);
  }
  return true;
}

template <typename Entry>
void BlockSet<Entry>::EraseFrom(Sequence first) {
  std::vector<Sequence> gone;
  VisitFrom(first, [&](Sequence sequence, Entry&) {
    gone.push_back(sequence);
    return true;
  });
  for (Sequence sequence : gone) Erase(sequence);
}

template <typename Entry>
void BlockSet<Entry>::Touch(uint64_t number, Block& block) {
  if (block.dirty) return;
  block.dirty = true;
  dirty_.push_back(number);
}

template <typename Entry>
void BlockSet<Entry>::MarkBlockDirty(uint64_t number) {
  auto found = blocks_.find(number);
  if (found != blocks_.end()) return Touch(number, found->second);
  dirty_.push_back(number);
}

template <typename Entry>
void BlockSet<Entry>::VisitFrom(Sequence from, absl::FunctionRef<bool(Sequence, Entry&)> visit) {
  for (auto number = numbers_.lower_bound(BlockOf(from)); number != numbers_.end(); ++number) {
    const Block& block = blocks_.find(*number)->second;
    for (uint64_t rest = block.present; rest != 0; rest &= rest - 1) {
      const int bit = std::countr_zero(rest);
      const Sequence sequence = (*number << 6) | bit;
      if (sequence >= from && !visit(sequence, *At(block, bit))) return;
    }
  }
}

template <typename Entry>
Sequence BlockSet<Entry>::oldest() const {
  if (numbers_.empty()) return 0;
  const uint64_t number = *numbers_.begin();
  return (number << 6) | std::countr_zero(blocks_.find(number)->second.present);
}

template <typename Entry>
std::vector<uint64_t> BlockSet<Entry>::TakeDirtyBlocks() {
  for (uint64_t number : dirty_) {
    auto found = blocks_.find(number);
    if (found != blocks_.end()) found->second.dirty = false;
  }
  std::vector<uint64_t> taken;
  taken.swap(dirty_);
  return taken;
}

// A block's bytes: the bitmap of what is there, 8 bytes, then the entries as they stand in memory.
template <typename Entry>
storage::OpenBlock BlockSet<Entry>::Pack(uint64_t number) const {
  storage::OpenBlock packed{number, {}};
  auto found = blocks_.find(number);
  if (found == blocks_.end()) return packed;
  const Block& block = found->second;
  packed.bytes.resize(8 + std::popcount(block.present) * sizeof(Entry));
  char* to = packed.bytes.data();
  std::memcpy(to, &block.present, 8);
  to += 8;
  for (uint64_t rest = block.present; rest != 0; rest &= rest - 1, to += sizeof(Entry)) {
    std::memcpy(to, At(block, std::countr_zero(rest)), sizeof(Entry));
  }
  return packed;
}

template <typename Entry>
absl::Status BlockSet<Entry>::Load(uint64_t number, std::string_view bytes) {
  uint64_t present = 0;
  if (bytes.size() >= 8) std::memcpy(&present, bytes.data(), 8);
  const int count = std::popcount(present);
  if (count == 0 || bytes.size() != 8 + count * sizeof(Entry)) {
    return absl::DataLossError(absl::StrCat("block ", number, " of ", Entry::kSetName, " has ", bytes.size(),
                                            " bytes for ", count, " entries"));
  }
  Block& block = BlockFor(number);
  size_ += count - std::popcount(block.present);
  block.present = 0;
  Repack(block, count);
  std::memcpy(static_cast<void*>(block.entries), bytes.data() + 8, count * sizeof(Entry));
  block.present = block.placed = present;
  return absl::OkStatus();
}

}  // namespace tokenbroker::broker
