// Backup, verification, size.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "rocksdb/utilities/checkpoint.h"
#include "storage/rocksdb/backup.h"
#include "storage/rocksdb/folder.h"
#include "storage/rocksdb/held.h"
#include "storage/rocksdb/keys.h"
#include "storage/rocksdb/meta.h"
#include "storage/rocksdb/status.h"
#include "storage/rocksdb/store.h"
#include "storage/rocksdb/zeroed_logs.h"

namespace tokenbroker::storage {
namespace {

absl::Status WriteSynced(rocksdb::Env* env, const std::string& path, const std::string& text) {
  const rocksdb::Status status = rocksdb::WriteStringToFile(env, text, path, /*should_sync=*/true);
  return FromRocks(status, absl::StrCat("writing ", path));
}

}  // namespace

absl::Status RocksDbStore::Backup(const std::string& path) {
  BackupInfo info;
  info.format = kFormatVersion;
  info.epoch = identity_.epoch;
  for (size_t shard = 0; shard < shards_.size(); ++shard) {
    const Sequence last = shards_[shard].last_ever.load(std::memory_order_acquire);
    if (last != 0) info.last_sequences[static_cast<ShardId>(shard)] = last;
    TB_ASSIGN_OR_RETURN(const LoadedCheckpoint head, LoadHead(static_cast<ShardId>(shard), {}));
    info.time = std::max(info.time, head.time);
  }
  rocksdb::Checkpoint* made = nullptr;
  const std::string doing = absl::StrCat("making a backup in ", path);
  TB_RETURN_IF_ERROR(FromRocks(rocksdb::Checkpoint::Create(&db_->db(), &made), doing));
  const std::unique_ptr<rocksdb::Checkpoint> checkpoint(made);
  TB_RETURN_IF_ERROR(FromRocks(checkpoint->CreateCheckpoint(path), doing));
  TB_RETURN_IF_ERROR(MakePrivate(path));
  rocksdb::Env* const env = (*db_)->GetEnv();
  TB_RETURN_IF_ERROR(SyncFolder(*env, path));
  const std::string file = absl::StrCat(path, "/", kBackupFile);
  TB_RETURN_IF_ERROR(WriteSynced(env, file + ".tmp", EncodeBackupInfo(info)));
  TB_RETURN_IF_ERROR(FromRocks(env->RenameFile(file + ".tmp", file), doing));
  return SyncFolder(*env, path);
}

absl::Status RocksDbStore::Verify() const {
  for (int shard = 0; shard < 256; ++shard) {
    TB_RETURN_IF_ERROR(VerifyShard(static_cast<ShardId>(shard)));
  }
  return FromRocks((*db_)->VerifyChecksum(), "verifying the files' checksums");
}

absl::Status RocksDbStore::VerifyShard(ShardId shard) const {
  TB_RETURN_IF_ERROR(CheckShard(shard));
  TB_RETURN_IF_ERROR(Scan(shard, 0, [](const LogRecord&) { return true; }));
  TB_RETURN_IF_ERROR(LoadCheckpoint(shard, [](uint64_t, std::string_view) {}).status());
  TB_RETURN_IF_ERROR(Marks(shard).status());
  return VerifyHeld(shard);
}

absl::Status RocksDbStore::VerifyHeld(ShardId shard) const {
  rocksdb::ReadOptions read;
  read.fill_cache = false;
  const std::unique_ptr<rocksdb::Iterator> row((*db_)->NewIterator(read, db_->held()));
  const Key first = HeldKey(shard, 0);
  const std::string_view prefix = first.view().substr(0, 2);
  for (row->Seek(first); row->Valid() && ToView(row->key()).substr(0, 2) == prefix; row->Next()) {
    const Key key = HeldKey(shard, LastNumber(row->key()));
    TB_RETURN_IF_ERROR(DecodeHeld(key, ToView(row->value())).status());
  }
  return FromRocks(row->status(), absl::StrCat("reading the held records of shard ", shard));
}

uint64_t RocksDbStore::SizeBytes() const {
  std::vector<rocksdb::Env::FileAttributes> files;
  if (!(*db_)->GetEnv()->GetChildrenFileAttributes(options_.path, &files).ok()) return 0;
  uint64_t bytes = 0;
  for (const auto& file : files) bytes += file.size_bytes;
  return bytes;
}

// What is in memory stands in a write-ahead log, which goes when it has been written to sorted files. The next such log
// is given its whole size when it is begun, or made of zeros before: up to a quarter more than what memory takes before
// it is written.
uint64_t RocksDbStore::PendingBytes() const {
  uint64_t in_memory = 0;
  db_->db().GetAggregatedIntProperty(rocksdb::DB::Properties::kCurSizeAllMemTables, &in_memory);
  return in_memory + ZerosBytesMax(options_.write_buffer_bytes);
}

}  // namespace tokenbroker::storage
