#include "storage/rocksdb/page_cache.h"

#include <gtest/gtest.h>

#include <vector>

namespace tokenbroker::storage {
namespace {

constexpr ShardId kShard = 7;

// Two records, `first` and the one behind it.
KeptPagePtr MakePage(Sequence first, const std::string& text = "text", ShardId shard = kShard) {
  const std::string second = text + " two";
  std::string bytes;
  EncodePage(shard, first - 1, {LogRecord{first, text}, LogRecord{first + 1, second}}, bytes);
  return KeptPage::Decode(shard, first, bytes).value();
}

std::string Found(const PageCache& cache, ShardId shard, Sequence sequence) {
  const KeptPagePtr page = cache.Find(shard, sequence);
  return page == nullptr ? "nothing" : std::string(page->page().Find(sequence)->bytes);
}

TEST(PageCache, FindsEachRecordOfAPageThatWasAdded) {
  PageCache cache;
  EXPECT_EQ(Found(cache, kShard, 10), "nothing");
  cache.Add(MakePage(10, "a"));
  cache.Add(MakePage(12, "b"));
  EXPECT_EQ(Found(cache, kShard, 9), "nothing");
  EXPECT_EQ(Found(cache, kShard, 10), "a");
  EXPECT_EQ(Found(cache, kShard, 11), "a two");
  EXPECT_EQ(Found(cache, kShard, 13), "b two");
  EXPECT_EQ(Found(cache, kShard, 14), "nothing");
}

TEST(PageCache, KeepsShardsApart) {
  PageCache cache;
  cache.Add(MakePage(10, "seven"));
  cache.Add(MakePage(10, "eight", kShard + 1));
  EXPECT_EQ(Found(cache, kShard, 10), "seven");
  EXPECT_EQ(Found(cache, kShard + 1, 10), "eight");
  EXPECT_EQ(Found(cache, kShard + 2, 10), "nothing");
}

TEST(PageCache, TheOldestMakesRoom) {
  PageCache cache;
  for (Sequence i = 0; i <= PageCache::kPages; ++i) cache.Add(MakePage(10 + 2 * i));
  EXPECT_EQ(Found(cache, kShard, 10), "nothing");
  EXPECT_EQ(Found(cache, kShard, 12), "text");
  EXPECT_EQ(Found(cache, kShard, 10 + 2 * PageCache::kPages), "text");
}

TEST(PageCache, APageOutlivesItsPlaceForWhoeverReadsIt) {
  PageCache cache;
  cache.Add(MakePage(10, "a"));
  const KeptPagePtr page = cache.Find(kShard, 10);
  for (Sequence i = 1; i <= PageCache::kPages; ++i) cache.Add(MakePage(10 + 2 * i));
  EXPECT_EQ(page->page().Find(11)->bytes, "a two");
}

TEST(PageCache, KeepsNoPageOfOneRecord) {
  PageCache cache;
  std::string bytes;
  const std::string large(100'000, 'x');
  EncodePage(kShard, 9, {LogRecord{10, large}}, bytes);
  cache.Add(KeptPage::Decode(kShard, 10, bytes).value());
  EXPECT_EQ(Found(cache, kShard, 10), "nothing");
}

TEST(PageCache, ADamagedPageIsNone) {
  std::string bytes;
  EncodePage(kShard, 9, {LogRecord{10, "text"}}, bytes);
  bytes[bytes.size() / 2] ^= 1;
  EXPECT_TRUE(absl::IsDataLoss(KeptPage::Decode(kShard, 10, bytes).status()));
}

}  // namespace
}  // namespace tokenbroker::storage
