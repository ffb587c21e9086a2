#include "server/broker/sorted_entries.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>

namespace tokenbroker::broker {
namespace {

using storage::IndexEntry;

// Entries per bucket, about: few enough for sorting by insertion.
constexpr size_t kPerBucket = 8;

// A range of keys that fill it evenly, cut into buckets of one width.
struct Range {
  uint64_t first = UINT64_MAX;
  uint64_t last = 0;
  size_t entries = 0;
  int shift = 0;
  size_t first_bucket = 0;

  void Add(uint64_t key) {
    first = std::min(first, key);
    last = std::max(last, key);
    ++entries;
  }
  // Returns the bucket behind its last one.
  size_t Cut(size_t next_bucket) {
    first_bucket = next_bucket;
    if (entries == 0) return next_bucket;
    const auto bits = [](uint64_t number) { return static_cast<int>(std::bit_width(number)); };
    shift = std::max(0, bits(last - first) - bits(entries / kPerBucket));
    return BucketOf(last) + 1;
  }
  size_t BucketOf(uint64_t key) const { return first_bucket + ((key - first) >> shift); }
};

// Sequence numbers, then hashes: either kind is spread evenly over a range of its own.
class Buckets {
 public:
  void Add(const IndexEntry& entry) { ranges_[KindOf(entry)].Add(entry.key.hi); }
  // After the last Add: how many there are.
  size_t Cut() { return ranges_[1].Cut(ranges_[0].Cut(0)); }
  size_t Of(const IndexEntry& entry) const { return ranges_[KindOf(entry)].BucketOf(entry.key.hi); }

 private:
  static size_t KindOf(const IndexEntry& entry) { return entry.key.hi >> 63; }

  std::array<Range, 2> ranges_;
};

template <typename Visit>
void ForEach(const IndexDelta::Entries& parts, Visit visit) {
  for (const EntryTable& part : parts) {
    for (const IndexEntry& entry : part.entries()) visit(entry);
  }
}

}  // namespace

// Each entry goes next to its place at once, where only the few of its bucket are left to be sorted: on keys that are
// spread so evenly less than half of what any way of comparing costs, or of sorting digit by digit in place.
std::vector<IndexEntry> SortedByKey(const IndexDelta::Entries& parts) {
  Buckets buckets;
  ForEach(parts, [&](const IndexEntry& entry) { buckets.Add(entry); });
  std::vector<size_t> ends(buckets.Cut() + 1);  // where a bucket begins, until its entries are in place
  ForEach(parts, [&](const IndexEntry& entry) { ++ends[buckets.Of(entry) + 1]; });
  for (size_t i = 1; i < ends.size(); ++i) ends[i] += ends[i - 1];
  std::vector<IndexEntry> sorted(ends.back());
  ForEach(parts, [&](const IndexEntry& entry) { sorted[ends[buckets.Of(entry)]++] = entry; });
  auto begin = sorted.begin();
  for (size_t bucket = 0; bucket + 1 < ends.size(); ++bucket) {
    const auto end = sorted.begin() + static_cast<ptrdiff_t>(ends[bucket]);
    if (end - begin > 1) std::sort(begin, end, [](const IndexEntry& a, const IndexEntry& b) { return a.key < b.key; });
    begin = end;
  }
  return sorted;
}

}  // namespace tokenbroker::broker
