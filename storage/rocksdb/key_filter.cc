#include "storage/rocksdb/key_filter.h"

#include <algorithm>
#include <memory>
#include <utility>

namespace tokenbroker::storage {
namespace {

constexpr int kProbes = 7;
constexpr int kProbeBits = 9;  // a place in a block

// How far ahead of the key that is added the next blocks are fetched from memory.
constexpr size_t kAhead = 8;

// The keys are hashes: `lo` chooses the block, `hi` but for its first bit, which says so, the places in it. Keys are
// added in ascending order, a checkpoint's or those of a whole index: chosen by `hi`, the blocks of a segment that is
// full before all of them have come would share a part of the keys' range, and most would stay empty.
bool IsHash(const IndexKey& key) { return key.hi >> 63 != 0; }

std::atomic_ref<uint64_t> WordOf(uint64_t* words, uint64_t place) {
  return std::atomic_ref<uint64_t>(words[place >> 6 & 7]);
}
uint64_t BitOf(uint64_t place) { return uint64_t{1} << (place & 63); }

}  // namespace

KeyFilter::Block& KeyFilter::Segment::BlockOf(const IndexKey& key) {
  return blocks[static_cast<size_t>(static_cast<unsigned __int128>(key.lo) * blocks.size() >> 64)];
}

void KeyFilter::Segment::Add(const IndexKey& key) {
  uint64_t* const words = BlockOf(key).words;
  uint64_t places = key.hi;
  for (int i = 0; i < kProbes; ++i, places >>= kProbeBits) {
    // One thread adds at a time, so that nothing is lost between the load and the store.
    const auto word = WordOf(words, places);
    word.store(word.load(std::memory_order_relaxed) | BitOf(places), std::memory_order_relaxed);
  }
}

bool KeyFilter::Segment::Maybe(const IndexKey& key) const {
  uint64_t* const words = const_cast<uint64_t*>(BlockOf(key).words);
  uint64_t places = key.hi;
  for (int i = 0; i < kProbes; ++i, places >>= kProbeBits) {
    if ((WordOf(words, places).load(std::memory_order_relaxed) & BitOf(places)) == 0) return false;
  }
  return true;
}

KeyFilter::Segment& KeyFilter::Append(Segments& segments, size_t keys) {
  auto segment = std::make_unique<Segment>(std::max(keys, kSmallest));
  std::unique_lock<std::shared_mutex> lock(lists_);
  return *segments.emplace_back(std::move(segment));
}

KeyFilter::Segment& KeyFilter::Open(Segments& segments) {
  if (!segments.empty() && segments.back()->size < segments.back()->capacity) return *segments.back();
  size_t all = 0;
  for (const auto& segment : segments) all += segment->capacity;
  return Append(segments, all);
}

void KeyFilter::Add(absl::Span<const IndexEntry> entries) {
  std::lock_guard<std::mutex> adding(adding_);
  for (size_t i = 0; i < entries.size(); ++i) {
    const IndexEntry& entry = entries[i];
    if (!IsHash(entry.key)) continue;
    Segment& segment = Open(passing_);
    if (i + kAhead < entries.size()) __builtin_prefetch(&segment.BlockOf(entries[i + kAhead].key), 1);
    segment.Add(entry.key);
    segment.newest = std::max(segment.newest, entry.sequence);
    ++segment.size;
  }
}

void KeyFilter::AddHeld(absl::Span<const IndexKey> keys) {
  std::lock_guard<std::mutex> adding(adding_);
  for (const IndexKey& key : keys) {
    if (!IsHash(key)) continue;
    Segment& segment = Open(held_);
    segment.Add(key);
    ++segment.size;
  }
}

void KeyFilter::Ask(absl::Span<const IndexKey> keys, absl::Span<bool> maybe) const {
  if (!complete()) return std::fill(maybe.begin(), maybe.end(), true);
  std::transform(keys.begin(), keys.end(), maybe.begin(), [](const IndexKey& key) { return !IsHash(key); });
  std::shared_lock<std::shared_mutex> lock(lists_);
  for (const Segments* segments : {&passing_, &held_}) {
    for (const auto& segment : *segments) {
      for (const IndexKey& key : keys) __builtin_prefetch(&segment->BlockOf(key));
      for (size_t i = 0; i < keys.size(); ++i) maybe[i] = maybe[i] || segment->Maybe(keys[i]);
    }
  }
}

void KeyFilter::DropBefore(Sequence floor) {
  std::lock_guard<std::mutex> adding(adding_);
  std::unique_lock<std::shared_mutex> lock(lists_);
  const auto passed = [&](const auto& segment) { return segment->newest < floor; };
  passing_.erase(std::remove_if(passing_.begin(), passing_.end(), passed), passing_.end());
}

size_t KeyFilter::SizeBytes() const {
  std::shared_lock<std::shared_mutex> lock(lists_);
  size_t bytes = 0;
  for (const Segments* segments : {&passing_, &held_}) {
    for (const auto& segment : *segments) bytes += segment->blocks.size() * sizeof(Block);
  }
  return bytes;
}

}  // namespace tokenbroker::storage
