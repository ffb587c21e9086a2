// A TokenStore of plain maps, for tests and the simulation. Keeps the whole contract, except that nothing outlives the
// process: Backup is UNIMPLEMENTED.
//
//   auto disk = std::make_shared<MemoryDisk>();
//   auto store = std::make_unique<MemoryStore>(disk);
//   ...
//   disk->Crash();
//   store = std::make_unique<MemoryStore>(disk);  // finds what was acknowledged
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "storage/memory/memory_disk.h"
#include "storage/token_store.h"

namespace tokenbroker::storage {

class MemoryStore : public TokenStore {
 public:
  // On a disk of its own.
  MemoryStore() : MemoryStore(std::make_shared<MemoryDisk>()) {}
  // Shares the disk with the stores that are opened on it later. Two at a time would not be told apart by a real disk
  // either: Crash() the first.
  explicit MemoryStore(std::shared_ptr<MemoryDisk> disk);

  const StoreIdentity& identity() const override { return identity_; }

  absl::Status Append(ShardId shard, absl::Span<const LogRecord> records) override;
  absl::StatusOr<std::string> Read(ShardId shard, Sequence sequence) const override;
  absl::Status Scan(ShardId shard, Sequence from, absl::FunctionRef<bool(const LogRecord&)> visit) const override;
  absl::StatusOr<Sequence> LastSequence(ShardId shard) const override;
  absl::StatusOr<Sequence> Floor(ShardId shard) const override;

  absl::StatusOr<Sequence> Find(ShardId shard, const IndexKey& key) const override;
  absl::Status FindAll(ShardId shard, absl::Span<const IndexKey> keys, absl::Span<Sequence> found) const override;
  absl::Status WarmUp(std::stop_token) override { return absl::OkStatus(); }
  absl::Status SaveCheckpoint(ShardId shard, const Checkpoint& checkpoint) override;
  absl::StatusOr<LoadedCheckpoint> LoadCheckpoint(
      ShardId shard, absl::FunctionRef<void(uint64_t number, std::string_view bytes)> block) const override;
  absl::StatusOr<std::vector<Mark>> Marks(ShardId shard) const override;

  absl::Status Hold(ShardId shard, absl::Span<const HeldCopy> copies) override;
  absl::Status ScanHeld(ShardId shard, Sequence from, absl::FunctionRef<bool(Sequence record)> visit) const override;
  absl::Status DropBefore(ShardId shard, Sequence floor) override;

  absl::Status Backup(const std::string& path) override;
  absl::Status Verify() const override;
  uint64_t SizeBytes() const override;
  uint64_t PendingBytes() const override { return 0; }

 private:
  using Shard = MemoryDisk::Shard;

  // With the disk locked: may this store still read, or write?
  absl::Status CheckAlive() const;
  absl::Status CheckWritable() const;

  // With the disk locked: does `change` if the write's fate is to reach the disk. A failed write ends all writing.
  template <typename Change>
  absl::Status Write(MemoryWrite write, ShardId shard, Change change);

  std::shared_ptr<MemoryDisk> disk_;
  uint64_t generation_ = 0;
  StoreIdentity identity_;
  // Guarded by the disk's lock.
  bool poisoned_ = false;
};

}  // namespace tokenbroker::storage
