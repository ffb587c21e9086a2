#include "storage/memory/memory_store.h"

#include <memory>

#include "gtest/gtest.h"
#include "tests/storage/conformance.h"

namespace tokenbroker::storage {
namespace {

class MemoryHarness : public StoreHarness {
 public:
  TokenStore& store() override { return *store_; }
  void Reopen() override {
    disk_->Crash();
    store_ = std::make_unique<MemoryStore>(disk_);
  }

 private:
  std::shared_ptr<MemoryDisk> disk_ = std::make_shared<MemoryDisk>();
  std::unique_ptr<MemoryStore> store_ = std::make_unique<MemoryStore>(disk_);
};

std::unique_ptr<StoreHarness> MakeMemoryHarness() { return std::make_unique<MemoryHarness>(); }

INSTANTIATE_TEST_SUITE_P(Memory, StoreConformance, ::testing::Values(MakeMemoryHarness));

LogRecord Record(Sequence sequence) { return {sequence, "bytes"}; }

TEST(MemoryStore, FailedAppendEndsAllWriting) {
  for (const MemoryFate fate : {MemoryFate::kFailsAndIsLost, MemoryFate::kFailsAndIsKept}) {
    const auto disk = std::make_shared<MemoryDisk>();
    disk->SetFaultHook(
        [&](MemoryWrite write, ShardId, uint64_t number) { return number == 1 ? fate : MemoryFate::kSucceeds; });
    MemoryStore store(disk);
    TB_EXPECT_OK(store.Append(0, {Record(1)}));
    TB_EXPECT_CODE(store.Append(0, {Record(2)}), absl::StatusCode::kUnavailable);
    TB_EXPECT_CODE(store.Append(0, {Record(3)}), absl::StatusCode::kFailedPrecondition);
    TB_EXPECT_CODE(store.SaveCheckpoint(0, {}), absl::StatusCode::kFailedPrecondition);
    disk->Crash();
    MemoryStore reopened(disk);
    EXPECT_EQ(*reopened.LastSequence(0), fate == MemoryFate::kFailsAndIsKept ? 2u : 1u);
  }
}

TEST(MemoryStore, CheckpointCanFailBetweenIndexAndHead) {
  const auto disk = std::make_shared<MemoryDisk>();
  disk->SetFaultHook([](MemoryWrite write, ShardId, uint64_t) {
    return write == MemoryWrite::kCheckpointHead ? MemoryFate::kFailsAndIsLost : MemoryFate::kSucceeds;
  });
  MemoryStore store(disk);
  Checkpoint checkpoint;
  checkpoint.covers = 1;
  checkpoint.index = {{IndexKey{1, 0}, 1}};
  TB_EXPECT_CODE(store.SaveCheckpoint(0, checkpoint), absl::StatusCode::kUnavailable);
  MemoryStore reopened(disk);
  EXPECT_EQ(*reopened.Find(0, IndexKey{1, 0}), 1u);
  EXPECT_EQ(reopened.LoadCheckpoint(0, [](uint64_t, std::string_view) {})->covers, 0u);
}

TEST(MemoryStore, CrashedStoreReachesTheDiskNoMore) {
  const auto disk = std::make_shared<MemoryDisk>();
  MemoryStore store(disk);
  disk->Crash();
  TB_EXPECT_CODE(store.Append(0, {Record(1)}), absl::StatusCode::kUnavailable);
  TB_EXPECT_CODE(store.Read(0, 1), absl::StatusCode::kUnavailable);
}

TEST(MemoryStore, NewEpochIsSeenByTheNextStore) {
  const auto disk = std::make_shared<MemoryDisk>();
  disk->BeginNewEpoch();
  EXPECT_EQ(MemoryStore(disk).identity().epoch, 1);
}

}  // namespace
}  // namespace tokenbroker::storage
