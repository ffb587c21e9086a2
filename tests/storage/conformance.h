// What every TokenStore must do. A store's test includes this once and adds one line:
//
//   INSTANTIATE_TEST_SUITE_P(Memory, StoreConformance, testing::Values(MakeMemoryHarness));
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "storage/token_store.h"
#include "tests/storage/model.h"
#include "tests/testing/store_seed.h"
#include "tests/testing/store_status.h"

namespace tokenbroker::storage {

// A store that can be closed and opened again on what it left.
class StoreHarness {
 public:
  virtual ~StoreHarness() = default;
  virtual TokenStore& store() = 0;
  virtual void Reopen() = 0;
};

using HarnessFactory = std::unique_ptr<StoreHarness> (*)();

class StoreConformance : public ::testing::TestWithParam<HarnessFactory> {
 protected:
  static constexpr ShardId kShard = 7;

  TokenStore& store() { return harness_->store(); }
  void Reopen() { harness_->Reopen(); }

  // Records with the numbers from `first` to `last`, in one call.
  absl::Status AppendRange(Sequence first, Sequence last, ShardId shard = kShard) {
    std::vector<std::string> bytes;
    for (Sequence sequence = first; sequence <= last; ++sequence) bytes.push_back(BytesOf(sequence));
    std::vector<LogRecord> records;
    for (Sequence sequence = first; sequence <= last; ++sequence)
      records.push_back({sequence, bytes[sequence - first]});
    return store().Append(shard, records);
  }

  static std::string BytesOf(Sequence sequence) { return "record " + std::to_string(sequence); }

  std::vector<Sequence> Scanned(Sequence from, ShardId shard = kShard) {
    std::vector<Sequence> seen;
    TB_EXPECT_OK(store().Scan(shard, from, [&](const LogRecord& record) {
      EXPECT_EQ(record.bytes, BytesOf(record.sequence));
      seen.push_back(record.sequence);
      return true;
    }));
    return seen;
  }

  static std::vector<Sequence> Range(Sequence first, Sequence last) {
    std::vector<Sequence> range;
    for (Sequence sequence = first; sequence <= last; ++sequence) range.push_back(sequence);
    return range;
  }

  std::map<uint64_t, std::string> Blocks() {
    std::map<uint64_t, std::string> blocks;
    TB_EXPECT_OK(store().LoadCheckpoint(kShard, [&](uint64_t number, std::string_view bytes) {
      EXPECT_TRUE(blocks.empty() || blocks.rbegin()->first < number);
      blocks[number] = bytes;
    }));
    return blocks;
  }

  static Checkpoint CheckpointAt(Sequence covers, TimeMs time) {
    Checkpoint checkpoint;
    checkpoint.covers = covers;
    checkpoint.time = time;
    return checkpoint;
  }

  static IndexKey Hash(uint64_t n) { return {n | uint64_t{1} << 63, n * 3}; }

  std::unique_ptr<StoreHarness> harness_ = GetParam()();
};

TEST_P(StoreConformance, NewStoreIsEmpty) {
  EXPECT_EQ(store().identity().epoch, 0);
  EXPECT_EQ(store().identity().hash_key.size(), 16u);
  EXPECT_EQ(*store().LastSequence(kShard), 0u);
  EXPECT_EQ(*store().Floor(kShard), 0u);
  TB_EXPECT_CODE(store().Read(kShard, 1), absl::StatusCode::kNotFound);
  EXPECT_EQ(*store().Find(kShard, Hash(1)), 0u);
  EXPECT_TRUE(Scanned(0).empty());
  EXPECT_TRUE(Blocks().empty());
  EXPECT_TRUE(store().Marks(kShard)->empty());
  TB_EXPECT_OK(store().DropBefore(kShard, 100));
  EXPECT_EQ(*store().Floor(kShard), 0u);
  TB_EXPECT_OK(store().Verify());
}

TEST_P(StoreConformance, IdentityOutlivesReopening) {
  const std::string key = store().identity().hash_key;
  Reopen();
  EXPECT_EQ(store().identity().hash_key, key);
  EXPECT_EQ(store().identity().epoch, 0);
}

TEST_P(StoreConformance, AppendedRecordsAreReadAndScanned) {
  TB_ASSERT_OK(AppendRange(1, 1));
  TB_ASSERT_OK(AppendRange(2, 200));
  TB_ASSERT_OK(AppendRange(201, 203));
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(*store().LastSequence(kShard), 203u);
    for (Sequence sequence = 1; sequence <= 203; ++sequence) {
      EXPECT_EQ(*store().Read(kShard, sequence), BytesOf(sequence));
    }
    TB_EXPECT_CODE(store().Read(kShard, 204), absl::StatusCode::kNotFound);
    TB_EXPECT_CODE(store().Read(kShard, 0), absl::StatusCode::kNotFound);
    EXPECT_EQ(Scanned(0), Range(1, 203));
    EXPECT_EQ(Scanned(100), Range(100, 203));
    EXPECT_TRUE(Scanned(204).empty());
    Reopen();
  }
  TB_EXPECT_OK(store().Verify());
}

TEST_P(StoreConformance, ScanStopsWhenToldAndMayRead) {
  TB_ASSERT_OK(AppendRange(1, 10));
  int visits = 0;
  TB_EXPECT_OK(store().Scan(kShard, 3, [&](const LogRecord& record) {
    EXPECT_EQ(*store().Read(kShard, record.sequence), record.bytes);
    return ++visits < 4;
  }));
  EXPECT_EQ(visits, 4);
}

TEST_P(StoreConformance, RecordsOfAllSizesComeBack) {
  const std::vector<size_t> sizes = {0, 1, 4095, 4096, 4097, 100, 100, 20000, 7, 300000, 16384, 0};
  std::vector<std::string> bytes;
  std::vector<LogRecord> records;
  for (size_t i = 0; i < sizes.size(); ++i) bytes.push_back(std::string(sizes[i], static_cast<char>('a' + i)));
  for (size_t i = 0; i < sizes.size(); ++i) records.push_back({i + 1, bytes[i]});
  TB_ASSERT_OK(store().Append(kShard, records));
  Reopen();
  for (size_t i = 0; i < sizes.size(); ++i) EXPECT_EQ(*store().Read(kShard, i + 1), bytes[i]);
}

TEST_P(StoreConformance, SequencesMustGrow) {
  TB_ASSERT_OK(AppendRange(1, 5));
  TB_EXPECT_CODE(AppendRange(5, 6), absl::StatusCode::kInvalidArgument);
  TB_EXPECT_CODE(store().Append(kShard, {{7, "a"}, {7, "b"}}), absl::StatusCode::kInvalidArgument);
  TB_EXPECT_CODE(store().Append(kShard, {{0, "a"}}), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Scanned(0), Range(1, 5));
  TB_EXPECT_OK(AppendRange(6, 6));
  TB_EXPECT_OK(store().Append(kShard, {}));
}

TEST_P(StoreConformance, NumbersMayBePassedOver) {
  TB_ASSERT_OK(store().Append(kShard, {{1, BytesOf(1)}, {5, BytesOf(5)}}));
  const Sequence next = MakeSequence(1, 1);
  TB_ASSERT_OK(AppendRange(next, next + 2));
  Reopen();
  TB_EXPECT_CODE(store().Read(kShard, 3), absl::StatusCode::kNotFound);
  TB_EXPECT_CODE(store().Read(kShard, 9), absl::StatusCode::kNotFound);
  EXPECT_EQ(*store().Read(kShard, next), BytesOf(next));
  EXPECT_EQ(Scanned(2), (std::vector<Sequence>{5, next, next + 1, next + 2}));
  EXPECT_EQ(Scanned(6), (std::vector<Sequence>{next, next + 1, next + 2}));
  TB_EXPECT_OK(store().Verify());
}

TEST_P(StoreConformance, ShardsAreApart) {
  for (const ShardId shard : {0, 1, 254, 255}) TB_ASSERT_OK(AppendRange(1, shard + 1, shard));
  Reopen();
  for (const ShardId shard : {0, 1, 254, 255}) {
    EXPECT_EQ(*store().LastSequence(shard), shard + 1u);
    EXPECT_EQ(Scanned(0, shard), Range(1, shard + 1));
  }
  TB_ASSERT_OK(store().DropBefore(1, 2));
  EXPECT_EQ(Scanned(0, 0), Range(1, 1));
  EXPECT_EQ(Scanned(0, 1), Range(2, 2));
  EXPECT_EQ(*store().LastSequence(128), 0u);
}

TEST_P(StoreConformance, CheckpointIsLoadedAsItWasSaved) {
  Checkpoint checkpoint = CheckpointAt(42, 1000);
  checkpoint.blocks = {{1, "one"}, {5, "five"}, {300, std::string(5000, 'x')}};
  checkpoint.state = std::string("state\0with a zero", 17);
  TB_ASSERT_OK(AppendRange(1, 50));
  TB_ASSERT_OK(store().SaveCheckpoint(kShard, checkpoint));
  Reopen();
  const auto loaded = store().LoadCheckpoint(kShard, [](uint64_t, std::string_view) {});
  TB_ASSERT_OK(loaded);
  EXPECT_EQ(loaded->covers, 42u);
  EXPECT_EQ(loaded->time, 1000);
  EXPECT_EQ(loaded->state, checkpoint.state);
  EXPECT_EQ(Blocks(), (std::map<uint64_t, std::string>{{1, "one"}, {5, "five"}, {300, std::string(5000, 'x')}}));
}

TEST_P(StoreConformance, LaterCheckpointsOverrideBlockByBlock) {
  TB_ASSERT_OK(AppendRange(1, 3));
  Checkpoint first = CheckpointAt(1, 10);
  first.blocks = {{1, "one"}, {2, "two"}, {3, "three"}};
  first.index = {{Hash(1), 1}, {Hash(2), 1}};
  TB_ASSERT_OK(store().SaveCheckpoint(kShard, first));
  Checkpoint second = CheckpointAt(3, 20);
  second.blocks = {{2, ""}, {3, "3"}};
  second.index = {{Hash(2), 2}, {Hash(2), 3}, {Hash(3), 3}};
  TB_ASSERT_OK(store().SaveCheckpoint(kShard, second));
  Reopen();
  EXPECT_EQ(Blocks(), (std::map<uint64_t, std::string>{{1, "one"}, {3, "3"}}));
  EXPECT_EQ(*store().Find(kShard, Hash(1)), 1u);
  EXPECT_EQ(*store().Find(kShard, Hash(2)), 3u);
  EXPECT_EQ(*store().Find(kShard, Hash(3)), 3u);
  EXPECT_EQ(*store().Find(kShard, Hash(4)), 0u);
  EXPECT_EQ(*store().Find(kShard + 1, Hash(1)), 0u);
}

TEST_P(StoreConformance, LargeCheckpointIsFoundAgain) {
  TB_ASSERT_OK(AppendRange(1, 1));
  Checkpoint checkpoint = CheckpointAt(1, 10);
  for (uint64_t n = 1; n <= 5000; ++n) checkpoint.index.push_back({OutcomeIndexKey(n), n + 1});
  for (uint64_t n = 1; n <= 5000; ++n) checkpoint.index.push_back({Hash(n), n});
  TB_ASSERT_OK(store().SaveCheckpoint(kShard, checkpoint));
  TB_ASSERT_OK(store().SaveCheckpoint(kShard, checkpoint));
  Reopen();
  for (uint64_t n = 1; n <= 5000; ++n) {
    ASSERT_EQ(*store().Find(kShard, OutcomeIndexKey(n)), n + 1);
    ASSERT_EQ(*store().Find(kShard, Hash(n)), n);
  }
  EXPECT_EQ(*store().Find(kShard, Hash(5001)), 0u);
  TB_EXPECT_OK(store().Verify());
}

TEST_P(StoreConformance, LargeCheckpointsOverrideBlockByBlock) {
  TB_ASSERT_OK(AppendRange(1, 4));
  Checkpoint checkpoint = CheckpointAt(1, 10);
  std::map<uint64_t, std::string> expected;
  const auto save = [&](Sequence covers, uint64_t from, uint64_t step, const std::string& bytes) {
    checkpoint.covers = covers;
    checkpoint.blocks.clear();
    for (uint64_t n = from; n <= 5000; n += step) {
      checkpoint.blocks.push_back({n, bytes});
      expected[n] = bytes;
      if (bytes.empty()) expected.erase(n);
    }
    TB_ASSERT_OK(store().SaveCheckpoint(kShard, checkpoint));
    EXPECT_EQ(Blocks(), expected) << covers;
  };
  save(1, 1, 1, "all");
  save(2, 4999, 1, "few");
  save(3, 1, 2, "every other");
  save(4, 1, 1, "");
  EXPECT_TRUE(Blocks().empty());
  save(4, 2, 2, "again");
  Reopen();
  EXPECT_EQ(Blocks(), expected);
  TB_EXPECT_OK(store().Verify());
}

TEST_P(StoreConformance, ManyKeysAreFoundAtOnceWarmOrNot) {
  TB_ASSERT_OK(AppendRange(1, 100));
  Checkpoint checkpoint = CheckpointAt(100, 10);
  checkpoint.index = {{OutcomeIndexKey(5), 50}, {Hash(1), 10}, {Hash(2), 20}, {Hash(3), 60}};
  TB_ASSERT_OK(store().SaveCheckpoint(kShard, checkpoint));
  TB_ASSERT_OK(store().Hold(kShard, {{10, BytesOf(10), {Hash(1)}}}));
  TB_ASSERT_OK(store().DropBefore(kShard, 50));
  const std::vector<IndexKey> keys = {Hash(9), Hash(3), OutcomeIndexKey(5), Hash(1), Hash(2), OutcomeIndexKey(6),
                                      Hash(3)};
  const std::vector<Sequence> expected = {0, 60, 50, 10, 0, 0, 60};
  for (int round = 0; round < 3; ++round) {
    std::vector<Sequence> found(keys.size(), 77);
    TB_ASSERT_OK(store().FindAll(kShard, keys, absl::MakeSpan(found)));
    EXPECT_EQ(found, expected) << "round " << round;
    if (round == 0) Reopen();
    if (round == 1) TB_ASSERT_OK(store().WarmUp({}));
  }
  TB_ASSERT_OK(store().FindAll(kShard, {}, {}));
}

TEST_P(StoreConformance, MarksSayWhatWasReachedWhenFirst) {
  TB_ASSERT_OK(AppendRange(1, 300));
  TB_ASSERT_OK(store().SaveCheckpoint(kShard, CheckpointAt(100, 1000)));
  TB_ASSERT_OK(store().SaveCheckpoint(kShard, CheckpointAt(200, 2000)));
  TB_ASSERT_OK(store().SaveCheckpoint(kShard, CheckpointAt(200, 3000)));
  TB_ASSERT_OK(store().SaveCheckpoint(kShard, CheckpointAt(300, 4000)));
  Reopen();
  auto marks = store().Marks(kShard);
  TB_ASSERT_OK(marks);
  ASSERT_EQ(marks->size(), 3u);
  EXPECT_EQ((*marks)[1].sequence, 200u);
  EXPECT_EQ((*marks)[1].time, 2000);
  TB_ASSERT_OK(store().DropBefore(kShard, 200));
  marks = store().Marks(kShard);
  ASSERT_EQ(marks->size(), 2u);
  EXPECT_EQ((*marks)[0].sequence, 200u);
}

TEST_P(StoreConformance, DroppedLogIsGone) {
  TB_ASSERT_OK(AppendRange(1, 1000));
  TB_ASSERT_OK(store().DropBefore(kShard, 500));
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(*store().Floor(kShard), 500u);
    TB_EXPECT_CODE(store().Read(kShard, 499), absl::StatusCode::kNotFound);
    EXPECT_EQ(*store().Read(kShard, 500), BytesOf(500));
    EXPECT_EQ(Scanned(0), Range(500, 1000));
    Reopen();
  }
  TB_EXPECT_OK(store().DropBefore(kShard, 400));
  EXPECT_EQ(*store().Floor(kShard), 500u);
  TB_EXPECT_OK(store().Verify());
}

TEST_P(StoreConformance, WholeLogCanBeDroppedAndGoesOn) {
  TB_ASSERT_OK(AppendRange(1, 100));
  TB_ASSERT_OK(store().DropBefore(kShard, 5000));
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(*store().Floor(kShard), 101u);
    EXPECT_EQ(*store().LastSequence(kShard), 0u);
    EXPECT_TRUE(Scanned(0).empty());
    Reopen();
  }
  TB_EXPECT_CODE(AppendRange(100, 100), absl::StatusCode::kInvalidArgument);
  TB_ASSERT_OK(AppendRange(101, 110));
  Reopen();
  EXPECT_EQ(Scanned(0), Range(101, 110));
  EXPECT_EQ(*store().LastSequence(kShard), 110u);
  TB_EXPECT_OK(store().Verify());
}

TEST_P(StoreConformance, IndexForgetsWhatWasDropped) {
  TB_ASSERT_OK(AppendRange(1, 100));
  Checkpoint checkpoint = CheckpointAt(100, 1);
  checkpoint.index = {{Hash(1), 10}, {Hash(2), 60}};
  TB_ASSERT_OK(store().SaveCheckpoint(kShard, checkpoint));
  TB_ASSERT_OK(store().DropBefore(kShard, 50));
  Reopen();
  EXPECT_EQ(*store().Find(kShard, Hash(1)), 0u);
  EXPECT_EQ(*store().Find(kShard, Hash(2)), 60u);
}

TEST_P(StoreConformance, HeldTaskOutlivesItsLog) {
  TB_ASSERT_OK(AppendRange(1, 100));
  Checkpoint checkpoint = CheckpointAt(100, 1);
  checkpoint.index = {{Hash(1), 10}, {Hash(2), 10}, {Hash(3), 11}};
  TB_ASSERT_OK(store().SaveCheckpoint(kShard, checkpoint));
  const HeldCopy held[] = {{10, BytesOf(10), {Hash(1), Hash(2)}}, {12, std::string(9000, 'h'), {}}};
  TB_ASSERT_OK(store().Hold(kShard, held));
  TB_ASSERT_OK(store().DropBefore(kShard, 50));
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(*store().Read(kShard, 10), BytesOf(10));
    EXPECT_EQ(*store().Read(kShard, 12), std::string(9000, 'h'));
    TB_EXPECT_CODE(store().Read(kShard, 11), absl::StatusCode::kNotFound);
    EXPECT_EQ(*store().Find(kShard, Hash(1)), 10u);
    EXPECT_EQ(*store().Find(kShard, Hash(2)), 10u);
    EXPECT_EQ(*store().Find(kShard, Hash(3)), 0u);
    EXPECT_EQ(Scanned(0), Range(50, 100));
    Reopen();
  }
  TB_EXPECT_OK(store().Verify());
}

TEST_P(StoreConformance, HeldTasksAreVisitedInOrder) {
  const auto held_from = [this](Sequence from, ShardId shard, size_t max = 100) {
    std::vector<Sequence> seen;
    TB_EXPECT_OK(store().ScanHeld(shard, from, [&](Sequence task) {
      EXPECT_EQ(*store().Read(shard, task), BytesOf(task));
      seen.push_back(task);
      return seen.size() < max;
    }));
    return seen;
  };
  for (const ShardId shard : {6, 7, 8}) TB_ASSERT_OK(AppendRange(1, 100, shard));
  EXPECT_TRUE(held_from(0, kShard).empty());
  const HeldCopy later[] = {{40, BytesOf(40), {Hash(1)}}, {10, BytesOf(10), {}}};
  const HeldCopy other[] = {{20, BytesOf(20), {}}};
  TB_ASSERT_OK(store().Hold(kShard, later));
  TB_ASSERT_OK(store().Hold(kShard, {{30, BytesOf(30), {}}}));
  TB_ASSERT_OK(store().Hold(kShard + 1, other));
  TB_ASSERT_OK(store().Hold(kShard - 1, other));
  TB_ASSERT_OK(store().DropBefore(kShard, 35));
  Checkpoint release = CheckpointAt(100, 2);
  release.releases = {{50, 30}};
  TB_ASSERT_OK(store().SaveCheckpoint(kShard, release));
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(held_from(0, kShard), (std::vector<Sequence>{10, 30, 40}));
    EXPECT_EQ(held_from(11, kShard), (std::vector<Sequence>{30, 40}));
    EXPECT_EQ(held_from(10, kShard, 2), (std::vector<Sequence>{10, 30}));
    EXPECT_EQ(held_from(41, kShard), (std::vector<Sequence>{}));
    Reopen();
  }
  TB_ASSERT_OK(store().DropBefore(kShard, 51));
  EXPECT_EQ(held_from(0, kShard), (std::vector<Sequence>{10, 40}));
}

TEST_P(StoreConformance, ReleasedTaskGoesWithTheLogThatResolvedIt) {
  TB_ASSERT_OK(AppendRange(1, 200));
  TB_ASSERT_OK(store().SaveCheckpoint(kShard, CheckpointAt(200, 1)));
  const HeldCopy held[] = {{10, BytesOf(10), {Hash(1), Hash(2)}}};
  TB_ASSERT_OK(store().Hold(kShard, held));
  TB_ASSERT_OK(store().DropBefore(kShard, 50));
  Checkpoint release = CheckpointAt(200, 2);
  release.releases = {{120, 10}, {120, 11}};
  release.index = {{Hash(2), 150}};
  TB_ASSERT_OK(store().SaveCheckpoint(kShard, release));
  TB_ASSERT_OK(store().DropBefore(kShard, 120));
  EXPECT_EQ(*store().Read(kShard, 10), BytesOf(10));
  TB_ASSERT_OK(store().DropBefore(kShard, 121));
  for (int round = 0; round < 2; ++round) {
    TB_EXPECT_CODE(store().Read(kShard, 10), absl::StatusCode::kNotFound);
    EXPECT_EQ(*store().Find(kShard, Hash(1)), 0u);
    // The key has come to name another task meanwhile.
    EXPECT_EQ(*store().Find(kShard, Hash(2)), 150u);
    Reopen();
  }
}

TEST_P(StoreConformance, AgreesWithTheModel) {
  for (int round = 0; round < ::tokenbroker::testing::Scaled(4); ++round) {
    const uint64_t seed = ::tokenbroker::testing::BaseSeed() + round;
    SCOPED_TRACE("TB_SEED=" + std::to_string(seed));
    harness_ = GetParam()();
    StoreModel model(seed);
    for (int step = 0; step < 150 && !HasFailure(); ++step) {
      model.Step(store());
      if (model.random().OneIn(25)) Reopen();
      if (model.random().OneIn(20)) TB_EXPECT_OK(store().WarmUp({}));
      if (model.random().OneIn(10)) model.Check(store());
    }
    model.Check(store());
    TB_EXPECT_OK(store().Verify());
    if (HasFailure()) return;
  }
}

}  // namespace tokenbroker::storage
