#include "server/broker/index_delta.h"

#include <gtest/gtest.h>

#include <map>
#include <utility>

namespace tokenbroker::broker {
namespace {

using storage::IndexKey;

constexpr IndexKey kA{uint64_t{1} << 63, 1};
constexpr IndexKey kB{uint64_t{1} << 63, 2};

// All that a checkpoint writes.
std::map<std::pair<uint64_t, uint64_t>, storage::Sequence> All(const IndexDelta::Entries& entries) {
  std::map<std::pair<uint64_t, uint64_t>, storage::Sequence> all;
  for (const auto& part : entries) {
    for (const auto& [key, sequence] : part.entries()) all[{key.hi, key.lo}] = sequence;
  }
  return all;
}

std::pair<uint64_t, uint64_t> Pair(const IndexKey& key) { return {key.hi, key.lo}; }

TEST(IndexDelta, WhatIsNewestIsFound) {
  IndexDelta delta;
  EXPECT_EQ(delta.Find(kA), 0u);
  delta.Put(kA, 1);
  delta.Put(kA, 2);
  EXPECT_EQ(delta.Find(kA), 2u);
  EXPECT_EQ(delta.active_size(), 1u);
}

TEST(IndexDelta, FrozenEntriesAreFoundUntilTheStoreHasThem) {
  IndexDelta delta;
  delta.Put(kA, 1);
  delta.Put(kB, 2);
  const auto frozen = delta.Freeze();
  delta.Put(kA, 3);
  EXPECT_EQ(delta.active_size(), 1u);
  EXPECT_EQ(All(*frozen).size(), 2u);
  EXPECT_EQ(All(*frozen)[Pair(kA)], 1u) << "what is being written does not change";
  EXPECT_EQ(delta.Find(kA), 3u);
  EXPECT_EQ(delta.Find(kB), 2u);
  delta.Thaw();
  EXPECT_EQ(delta.Find(kA), 3u);
  EXPECT_EQ(delta.Find(kB), 0u);
}

TEST(IndexDelta, AfterAFailedCheckpointTheNextOneWritesEverythingAndNewerEntriesWin) {
  IndexDelta delta;
  delta.Put(kA, 1);
  delta.Put(kB, 2);
  delta.Freeze();
  delta.Put(kA, 3);
  delta.Refreeze();
  EXPECT_FALSE(delta.frozen());
  EXPECT_EQ(delta.active_size(), 2u);
  auto written = All(*delta.Freeze());
  EXPECT_EQ(written[Pair(kA)], 3u);
  EXPECT_EQ(written[Pair(kB)], 2u);
}

TEST(IndexDelta, WhicheverPartAKeyIsInItIsFoundAndWrittenOnce) {
  constexpr uint64_t kMany = 10'000;
  IndexDelta delta;
  for (uint64_t task = 1; task <= kMany; ++task) delta.Put(storage::OutcomeIndexKey(task), task + 1);
  for (uint64_t task = 1; task <= kMany; ++task) delta.Put(storage::OutcomeIndexKey(task), task + 2);
  EXPECT_EQ(delta.active_size(), kMany);
  const auto frozen = delta.Freeze();
  size_t entries = 0;
  for (const auto& part : *frozen) {
    EXPECT_LT(part.entries().size(), kMany / 32) << "half as many parts would do";
    entries += part.entries().size();
  }
  EXPECT_EQ(entries, kMany);
  for (uint64_t task = 1; task <= kMany; ++task) {
    ASSERT_EQ(delta.Find(storage::OutcomeIndexKey(task)), task + 2);
  }
}

TEST(IndexDelta, OutcomesAndHashesDoNotMeet) {
  IndexDelta delta;
  delta.Put(storage::OutcomeIndexKey(7), 8);
  EXPECT_EQ(delta.Find({uint64_t{1} << 63 | 7, 0}), 0u);
  EXPECT_EQ(delta.Find(storage::OutcomeIndexKey(7)), 8u);
}

}  // namespace
}  // namespace tokenbroker::broker
