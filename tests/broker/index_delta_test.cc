#include "server/broker/index_delta.h"

#include <gtest/gtest.h>

namespace tokenbroker::broker {
namespace {

using storage::IndexKey;

constexpr IndexKey kA{uint64_t{1} << 63, 1};
constexpr IndexKey kB{uint64_t{1} << 63, 2};

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
  EXPECT_EQ(frozen->size(), 2u);
  EXPECT_EQ(frozen->at(kA), 1u) << "what is being written does not change";
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
  const auto frozen = delta.Freeze();
  EXPECT_EQ(frozen->at(kA), 3u);
  EXPECT_EQ(frozen->at(kB), 2u);
}

TEST(IndexDelta, OutcomesAndHashesDoNotMeet) {
  IndexDelta delta;
  delta.Put(storage::OutcomeIndexKey(7), 8);
  EXPECT_EQ(delta.Find({uint64_t{1} << 63 | 7, 0}), 0u);
  EXPECT_EQ(delta.Find(storage::OutcomeIndexKey(7)), 8u);
}

}  // namespace
}  // namespace tokenbroker::broker
