#include "server/broker/sorted_entries.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <random>
#include <tuple>
#include <vector>

namespace tokenbroker::broker {
namespace {

using storage::IndexEntry;
using storage::IndexKey;
using storage::MakeSequence;

constexpr uint64_t kHash = uint64_t{1} << 63;

auto AsTuple(const IndexEntry& entry) { return std::tuple(entry.key.hi, entry.key.lo, entry.sequence); }

// As the committer would have put them in, in a random order.
void ExpectSorted(const char* what, size_t count, const std::function<IndexKey(std::mt19937_64&)>& make) {
  SCOPED_TRACE(what);
  std::mt19937_64 random(count);
  IndexDelta delta;
  for (size_t i = 1; i <= count; ++i) delta.Put(make(random), i);
  const auto parts = delta.Freeze();
  std::vector<IndexEntry> expected;
  for (const EntryTable& part : *parts) expected.insert(expected.end(), part.entries().begin(), part.entries().end());
  const auto less = [](const IndexEntry& a, const IndexEntry& b) { return AsTuple(a) < AsTuple(b); };
  std::sort(expected.begin(), expected.end(), less);
  const std::vector<IndexEntry> sorted = SortedByKey(*parts);
  EXPECT_TRUE(std::equal(sorted.begin(), sorted.end(), expected.begin(), expected.end(),
                         [](const IndexEntry& a, const IndexEntry& b) { return AsTuple(a) == AsTuple(b); }));
}

TEST(SortedEntries, KeysOfEveryKindAscend) {
  for (const size_t count : {0, 1, 2, 7, 8, 9, 100, 5'000, 100'000}) {
    ExpectSorted("hashes", count, [](auto& random) { return IndexKey{random() | kHash, random()}; });
    ExpectSorted("numbers", count, [&](auto& random) { return IndexKey{1 + random() % (2 * count), 0}; });
    ExpectSorted("both", count, [&](auto& random) {
      return random() % 2 == 0 ? IndexKey{random() | kHash, random()} : IndexKey{1 + random() % (2 * count), 0};
    });
  }
}

TEST(SortedEntries, KeysThatAreSpreadUnevenlyAscendAsWell) {
  ExpectSorted("two epochs", 5'000, [](auto& random) {
    return IndexKey{MakeSequence(static_cast<uint16_t>(random() % 2), 1 + random() % 5'000), 0};
  });
  ExpectSorted("one leading half", 5'000, [](auto& random) { return IndexKey{kHash, random()}; });
  ExpectSorted("the ends", 5'000, [](auto& random) {
    const uint64_t ends[] = {0, 1, kHash - 1, kHash, UINT64_MAX};
    return IndexKey{ends[random() % 5], random() % 3};
  });
}

}  // namespace
}  // namespace tokenbroker::broker
