#include "server/broker/entry_table.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <utility>

namespace tokenbroker::broker {
namespace {

using storage::IndexKey;

TEST(EntryTable, KeysComeInTheirOrderEachOnceAndWithTheirLastNumber) {
  EntryTable table;
  EXPECT_EQ(table.Find({1, 2}), 0u);
  EXPECT_TRUE(table.Put({1, 2}, 10));
  EXPECT_TRUE(table.Put({2, 1}, 11)) << "of the same hash";
  EXPECT_FALSE(table.Put({1, 2}, 12));
  EXPECT_EQ(table.Find({1, 2}), 12u);
  EXPECT_EQ(table.Find({2, 1}), 11u);
  ASSERT_EQ(table.entries().size(), 2u);
  EXPECT_EQ(table.entries()[0].sequence, 12u);
  EXPECT_EQ(table.entries()[1].sequence, 11u);
}

TEST(EntryTable, AMovedTableFindsWhatItHadAndGrows) {
  std::mt19937_64 random(1);
  std::map<std::pair<uint64_t, uint64_t>, storage::Sequence> model;
  EntryTable table;
  for (storage::Sequence sequence = 1; sequence <= 20'000; ++sequence) {
    const IndexKey key{random() % 10'000, 7};
    EXPECT_EQ(table.Put(key, sequence), model.insert_or_assign({key.hi, key.lo}, sequence).second);
    if (sequence % 5'000 == 0) {
      EntryTable moved = std::move(table);
      table = std::move(moved);
    }
  }
  EXPECT_EQ(table.entries().size(), model.size());
  for (const auto& [key, sequence] : model) EXPECT_EQ(table.Find({key.first, key.second}), sequence);
}

}  // namespace
}  // namespace tokenbroker::broker
