// The store itself. Its methods are spread over files by subject: log.cc, find.cc, derived.cc, retention.cc, care.cc;
// opening is in open.cc.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "rocksdb/write_batch.h"
#include "storage/rocksdb/database.h"
#include "storage/rocksdb/index_filter.h"
#include "storage/rocksdb/key_filter.h"
#include "storage/rocksdb/log_audit.h"
#include "storage/rocksdb/page.h"
#include "storage/rocksdb/page_cache.h"
#include "storage/rocksdb/rocksdb_store.h"
#include "storage/rocksdb/sorted_file.h"
#include "storage/rocksdb/witness.h"
#include "storage/token_store.h"

namespace tokenbroker::storage {

class RocksDbStore final : public TokenStore {
 public:
  // `begin_new_epoch` is for a restored backup.
  static absl::StatusOr<std::unique_ptr<RocksDbStore>> Open(const RocksDbOptions& options, bool begin_new_epoch);

  const StoreIdentity& identity() const override { return identity_; }

  absl::Status Append(ShardId shard, absl::Span<const LogRecord> records) override;
  absl::StatusOr<std::string> Read(ShardId shard, Sequence sequence) const override;
  absl::Status Scan(ShardId shard, Sequence from, absl::FunctionRef<bool(const LogRecord&)> visit) const override;
  absl::StatusOr<Sequence> LastSequence(ShardId shard) const override;
  absl::StatusOr<Sequence> Floor(ShardId shard) const override;

  absl::StatusOr<Sequence> Find(ShardId shard, const IndexKey& key) const override;
  absl::Status FindAll(ShardId shard, absl::Span<const IndexKey> keys, absl::Span<Sequence> found) const override;
  absl::Status WarmUp(std::stop_token stop) override;
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
  uint64_t PendingBytes() const override;

 private:
  struct Shard {
    // The greatest number ever appended, dropped or not.
    std::atomic<Sequence> last_ever{0};
    // What readers go by: raised before the log is dropped, so that nobody takes what is going for lost.
    std::atomic<Sequence> floor{0};
    // The number of the last checkpoint, hold or drop.
    std::atomic<uint64_t> changes{0};
    // Up to where the space of dropped log was asked back.
    std::atomic<Sequence> reclaimed{0};
    KeyFilter keys;
    // Used by Append alone; kept so that it need not allocate.
    rocksdb::WriteBatch batch;
    std::string page;
  };

  explicit RocksDbStore(const RocksDbOptions& options) : options_(options) {}

  // --- open.cc ---
  absl::Status Start(bool begin_new_epoch);
  absl::Status AuditLogs(rocksdb::Env* env);
  absl::Status AuditManifestFile(rocksdb::Env* env) const;
  absl::Status RemoveLeftovers(rocksdb::Env* env) const;
  // Whether the identity is new and must be saved.
  absl::StatusOr<bool> LoadIdentity(bool begin_new_epoch);
  absl::Status SaveIdentity();
  absl::Status LoadShards();
  absl::Status LoadShard(ShardId shard);
  // Whether what the checkpoint and the witness name was found, and no gap at the log's beginning.
  absl::Status CheckShard(ShardId shard) const;

  // --- log.cc ---
  std::unique_ptr<rocksdb::Iterator> LogIterator(ShardId shard, bool whole_log) const;
  // The page that `iterator` stands on.
  absl::StatusOr<Page> PageAt(ShardId shard, const rocksdb::Iterator& iterator) const;
  // Moves to the page that holds `sequence` or, failing that, to the first one behind it.
  void SeekPage(ShardId shard, Sequence sequence, rocksdb::Iterator& iterator) const;
  absl::StatusOr<std::string> ReadLog(ShardId shard, Sequence sequence) const;
  absl::StatusOr<std::string> ReadHeld(ShardId shard, Sequence record) const;
  // The first record at or behind `sequence`; 0 if there is none.
  absl::StatusOr<Sequence> FirstFrom(ShardId shard, Sequence sequence) const;
  Sequence FloorOf(ShardId shard) const { return shards_[shard].floor.load(std::memory_order_acquire); }

  // --- find.cc ---
  // What the row of an index key says; 0 if it points below the floor.
  absl::StatusOr<Sequence> DecodeIndexRow(ShardId shard, const rocksdb::Slice& value) const;
  // Whether the index is empty is all that it takes to know all keys of a new store.
  absl::Status WarmUpIfEmpty();

  // --- derived.cc ---
  absl::StatusOr<LoadedCheckpoint> LoadHead(ShardId shard, const rocksdb::ReadOptions& read) const;
  // Into the batch or, if they are many, into a file.
  std::unique_ptr<SortedFile> PutIndex(ShardId shard, absl::Span<const IndexEntry> entries, rocksdb::WriteBatch& batch);
  std::unique_ptr<SortedFile> PutBlocks(ShardId shard, absl::Span<const OpenBlock> blocks, rocksdb::WriteBatch& batch);
  std::unique_ptr<SortedFile> NewFile(rocksdb::ColumnFamilyHandle* family);
  // Null ones are passed over.
  absl::Status TakeInRows(std::vector<SortedFile*> files);

  // --- retention.cc ---
  // Gives back the space of the shard's log below `keep` once that is a good part of the whole log.
  void Reclaim(ShardId shard, Sequence keep);
  bool WorthReclaiming(ShardId shard) const;
  absl::Status DropMarks(ShardId shard, Sequence floor, rocksdb::WriteBatch& batch) const;
  absl::Status DropReleased(ShardId shard, Sequence floor, rocksdb::WriteBatch& batch) const;
  absl::Status DropHeld(ShardId shard, Sequence record, rocksdb::WriteBatch& batch) const;

  // --- care.cc ---
  absl::Status VerifyShard(ShardId shard) const;
  absl::Status VerifyHeld(ShardId shard) const;

  // Writes and syncs. After the first failure nothing is written any more.
  absl::Status Write(rocksdb::WriteBatch& batch, std::string_view doing);
  // The same for a checkpoint, a hold or a drop, which get numbers so that a lost one is noticed when opening.
  absl::Status WriteChange(ShardId shard, rocksdb::WriteBatch& batch, std::string_view doing);
  absl::Status CheckWritable() const;

  RocksDbOptions options_;
  StoreIdentity identity_;
  // What the index's filter goes by: raised after the floor is on disk.
  std::shared_ptr<Floors> floors_ = std::make_shared<Floors>();
  std::shared_ptr<Witness> witness_;
  std::unique_ptr<Database> db_;
  std::array<Shard, 256> shards_;
  // Found when opening.
  std::vector<TornLog> torn_logs_;
  std::atomic<bool> poisoned_{false};
  std::atomic<uint64_t> sorted_files_{0};
  mutable PageCache pages_;
};

}  // namespace tokenbroker::storage
