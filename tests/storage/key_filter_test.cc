#include "storage/rocksdb/key_filter.h"

#include <algorithm>
#include <vector>

#include "absl/types/span.h"
#include "gtest/gtest.h"
#include "tests/testing/store_seed.h"

namespace tokenbroker::storage {
namespace {

class KeyFilterTest : public ::testing::Test {
 protected:
  IndexKey RandomKey() { return {random_.Bits() | uint64_t{1} << 63, random_.Bits()}; }

  std::vector<IndexEntry> RandomEntries(size_t count, Sequence sequence) {
    std::vector<IndexEntry> entries;
    for (size_t i = 0; i < count; ++i) entries.push_back({RandomKey(), sequence});
    return entries;
  }

  bool Maybe(const IndexKey& key) const {
    bool maybe = false;
    filter_.Ask({&key, 1}, {&maybe, 1});
    return maybe;
  }

  bool MaybeAll(const std::vector<IndexEntry>& entries) const {
    return std::all_of(entries.begin(), entries.end(), [&](const IndexEntry& entry) { return Maybe(entry.key); });
  }

  // Of keys that were never added.
  double FalseShare() {
    constexpr int kAsked = 100'000;
    int wrong = 0;
    for (int i = 0; i < kAsked; ++i) wrong += Maybe(RandomKey()) ? 1 : 0;
    return static_cast<double>(wrong) / kAsked;
  }

  ::tokenbroker::testing::Random random_{::tokenbroker::testing::BaseSeed()};
  KeyFilter filter_;
};

TEST_F(KeyFilterTest, SaysMaybeToEverythingUntilComplete) {
  EXPECT_TRUE(Maybe(RandomKey()));
  filter_.Complete();
  EXPECT_FALSE(Maybe(RandomKey()));
}

TEST_F(KeyFilterTest, WhatIsNotAHashIsNeverRuledOut) {
  filter_.Complete();
  EXPECT_TRUE(Maybe(OutcomeIndexKey(5)));
}

TEST_F(KeyFilterTest, KnowsWhatWasAddedAndLittleElse) {
  const auto entries = RandomEntries(2'000'000, 1);
  filter_.Add(entries);
  filter_.Complete();
  EXPECT_TRUE(MaybeAll(entries));
  EXPECT_LT(FalseShare(), 0.003);
  EXPECT_LT(filter_.SizeBytes(), entries.size() * 3) << "bytes a key";
}

// A checkpoint adds its keys so, and a start those of the whole index, a thousand at a time.
TEST_F(KeyFilterTest, KnowsLittleElseWhenKeysComeInAscendingOrder) {
  constexpr size_t kPart = 1024;
  auto entries = RandomEntries(4'000'000, 1);
  std::sort(entries.begin(), entries.end(), [](const IndexEntry& a, const IndexEntry& b) { return a.key < b.key; });
  for (size_t i = 0; i < entries.size(); i += kPart) filter_.Add(absl::MakeSpan(entries).subspan(i, kPart));
  filter_.Complete();
  EXPECT_TRUE(MaybeAll(entries));
  EXPECT_LT(FalseShare(), 0.003);
}

TEST_F(KeyFilterTest, ForgetsWhatPointsBelowTheFloorButNotWhatIsHeld) {
  filter_.Complete();
  const auto old = RandomEntries(2'200'000, 10);
  const auto young = RandomEntries(100'000, 20);
  const std::vector<IndexKey> held = {RandomKey(), RandomKey()};
  filter_.AddHeld(held);
  filter_.Add(old);
  filter_.Add(young);
  const size_t before = filter_.SizeBytes();
  filter_.DropBefore(20);
  EXPECT_LT(filter_.SizeBytes(), before);
  EXPECT_TRUE(MaybeAll(young));
  EXPECT_TRUE(Maybe(held[0]) && Maybe(held[1]));
  filter_.DropBefore(21);
  EXPECT_FALSE(MaybeAll(young));
  EXPECT_TRUE(Maybe(held[0]) && Maybe(held[1]));
}

}  // namespace
}  // namespace tokenbroker::storage
