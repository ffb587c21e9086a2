// What checkpoints write: the index and the open set.
#include <algorithm>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "base/failpoint.h"
#include "base/status_macros.h"
#include "rocksdb/sst_file_writer.h"
#include "storage/rocksdb/keys.h"
#include "storage/rocksdb/meta.h"
#include "storage/rocksdb/sealed.h"
#include "storage/rocksdb/status.h"
#include "storage/rocksdb/store.h"

namespace tokenbroker::storage {
namespace {

// Each key once, with its greatest number: `entries` where they are so already, as they mostly are, else a copy in
// `unique`.
absl::StatusOr<absl::Span<const IndexEntry>> Deduplicated(absl::Span<const IndexEntry> entries,
                                                          std::vector<IndexEntry>& unique) {
  const auto ascends = [](const IndexEntry& a, const IndexEntry& b) { return a.key < b.key; };
  const auto stays = [&](const IndexEntry& a, const IndexEntry& b) { return !ascends(a, b); };
  if (std::adjacent_find(entries.begin(), entries.end(), stays) == entries.end()) return entries;
  if (!std::is_sorted(entries.begin(), entries.end(), ascends)) {
    return absl::InvalidArgumentError("the checkpoint's index entries are not sorted");
  }
  unique.reserve(entries.size());
  for (const IndexEntry& entry : entries) {
    if (unique.empty() || ascends(unique.back(), entry)) {
      unique.push_back(entry);
    } else {
      unique.back().sequence = std::max(unique.back().sequence, entry.sequence);
    }
  }
  return unique;
}

Key IndexValue(Sequence sequence) { return Key().Number(sequence); }

void PutBlocks(ShardId shard, const Database& db, const std::vector<OpenBlock>& blocks, rocksdb::WriteBatch& batch) {
  std::string value;
  for (const OpenBlock& block : blocks) {
    const Key key = NumberKey(shard, block.number);
    if (block.bytes.empty()) {
      batch.Delete(db.open(), key);
      continue;
    }
    value = block.bytes;
    Seal(key.view(), value);
    batch.Put(db.open(), key, value);
  }
}

}  // namespace

absl::Status RocksDbStore::WriteIndexFile(ShardId shard, absl::Span<const IndexEntry> entries,
                                          const std::string& path) const {
  rocksdb::SstFileWriter writer(rocksdb::EnvOptions(), db_->index_file_options(), db_->index());
  rocksdb::Status status = writer.Open(path);
  for (const IndexEntry& entry : entries) {
    if (!status.ok()) break;
    status = writer.Put(IndexRowKey(shard, entry.key), IndexValue(entry.sequence));
  }
  if (status.ok()) status = writer.Finish();
  return FromRocks(status, absl::StrCat("writing the index file ", path));
}

absl::Status RocksDbStore::IngestIndex(ShardId shard, absl::Span<const IndexEntry> entries) {
  const std::string path = absl::StrCat(options_.path, "/index-", index_files_.fetch_add(1), ".ingest");
  rocksdb::Env* const env = (*db_)->GetEnv();
  // What was taken in has moved away; what failed must not stay.
  const auto remove = absl::MakeCleanup([&] { env->DeleteFile(path).PermitUncheckedError(); });
  TB_RETURN_IF_ERROR(WriteIndexFile(shard, entries, path));
  TB_FAILPOINT("store.before_ingest");
  rocksdb::IngestExternalFileOptions options;
  options.move_files = true;           // a link, not a copy
  options.write_global_seqno = false;  // so that the file need not be changed
  const rocksdb::Status status = (*db_)->IngestExternalFile(db_->index(), {path}, options);
  TB_RETURN_IF_ERROR(FromRocks(status, absl::StrCat("adding to the index of shard ", shard)));
  TB_FAILPOINT("store.after_ingest");
  NoteManifest(db_->db(), *witness_);
  return CheckIndexed(shard, entries);
}

// In this version of RocksDB a read that fails while a file is taken in leaves the file without its bounds: nothing in
// it would be found, and no error said so.
absl::Status RocksDbStore::CheckIndexed(ShardId shard, absl::Span<const IndexEntry> entries) const {
  // Those below the floor may have been forgotten since.
  const auto stays = [floor = FloorOf(shard)](const IndexEntry& entry) { return entry.sequence >= floor; };
  const auto first = std::find_if(entries.begin(), entries.end(), stays);
  if (first == entries.end()) return absl::OkStatus();
  TB_RETURN_IF_ERROR(CheckIndexed(shard, *first));
  return CheckIndexed(shard, *std::find_if(entries.rbegin(), entries.rend(), stays));
}

absl::Status RocksDbStore::CheckIndexed(ShardId shard, const IndexEntry& entry) const {
  rocksdb::PinnableSlice value;
  const rocksdb::Status status = (*db_)->Get({}, db_->index(), IndexRowKey(shard, entry.key), &value);
  if (status.ok() && ToView(value) == IndexValue(entry.sequence).view()) return absl::OkStatus();
  return absl::UnavailableError(
      absl::StrCat("adding to the index of shard ", shard, ": the file was taken in without its contents"));
}

absl::Status RocksDbStore::SaveCheckpoint(ShardId shard, const Checkpoint& checkpoint) {
  TB_RETURN_IF_ERROR(CheckWritable());
  std::vector<IndexEntry> unique;
  TB_ASSIGN_OR_RETURN(const absl::Span<const IndexEntry> entries, Deduplicated(checkpoint.index, unique));
  TB_ASSIGN_OR_RETURN(const LoadedCheckpoint before, LoadHead(shard, {}));
  shards_[shard].keys.Add(entries);
  rocksdb::WriteBatch batch;
  if (entries.size() > options_.index_file_entries) {
    // Before the head: entries without their checkpoint are harmless, a checkpoint without its entries is not.
    TB_RETURN_IF_ERROR(IngestIndex(shard, entries));
  } else {
    for (const IndexEntry& entry : entries) {
      batch.Put(db_->index(), IndexRowKey(shard, entry.key), IndexValue(entry.sequence));
    }
  }
  PutBlocks(shard, *db_, checkpoint.blocks, batch);
  for (const Release& release : checkpoint.releases) batch.Put(db_->held(), ReleaseKey(shard, release), {});
  // A position is marked with the time when it was first reached: an idle log adds none.
  const Key mark = MarkKey(shard, checkpoint.covers);
  if (before.covers != checkpoint.covers || before.time == 0) {
    batch.Put(db_->meta(), mark, EncodeNumber(mark, static_cast<uint64_t>(checkpoint.time)));
  }
  const Key head = HeadKey(shard);
  batch.Put(db_->meta(), head, EncodeHead(head, checkpoint));
  return WriteChange(shard, batch, absl::StrCat("writing a checkpoint of shard ", shard));
}

absl::StatusOr<TokenStore::LoadedCheckpoint> RocksDbStore::LoadHead(ShardId shard,
                                                                    const rocksdb::ReadOptions& read) const {
  const std::string what = absl::StrCat("the last checkpoint of shard ", shard);
  TB_ASSIGN_OR_RETURN(const std::string value, GetMeta(*db_, read, HeadKey(shard), what));
  if (value.empty()) return LoadedCheckpoint{};
  return DecodeHead(value);
}

absl::StatusOr<TokenStore::LoadedCheckpoint> RocksDbStore::LoadCheckpoint(
    ShardId shard, absl::FunctionRef<void(uint64_t number, std::string_view bytes)> block) const {
  rocksdb::ManagedSnapshot snapshot(&db_->db());
  rocksdb::ReadOptions read;
  read.snapshot = snapshot.snapshot();
  TB_ASSIGN_OR_RETURN(LoadedCheckpoint head, LoadHead(shard, read));
  read.readahead_size = 1 << 20;
  read.fill_cache = false;
  const std::unique_ptr<rocksdb::Iterator> row((*db_)->NewIterator(read, db_->open()));
  for (row->Seek(NumberKey(shard, 0)); row->Valid() && ToView(row->key())[0] == static_cast<char>(shard); row->Next()) {
    const uint64_t number = LastNumber(row->key());
    const std::string what = absl::StrCat("block ", number, " of the open set of shard ", shard);
    TB_ASSIGN_OR_RETURN(const std::string_view bytes, Unseal(ToView(row->key()), ToView(row->value()), what));
    block(number, bytes);
  }
  TB_RETURN_IF_ERROR(FromRocks(row->status(), absl::StrCat("reading the open set of shard ", shard)));
  return head;
}

absl::StatusOr<std::vector<Mark>> RocksDbStore::Marks(ShardId shard) const {
  std::vector<Mark> marks;
  const std::unique_ptr<rocksdb::Iterator> row((*db_)->NewIterator({}, db_->meta()));
  const Key first = MarkKey(shard, FloorOf(shard));
  const std::string_view prefix = first.view().substr(0, 2);
  for (row->Seek(first); row->Valid() && ToView(row->key()).substr(0, 2) == prefix; row->Next()) {
    const std::string what = absl::StrCat("a mark of shard ", shard);
    TB_ASSIGN_OR_RETURN(const std::string_view value, Unseal(ToView(row->key()), ToView(row->value()), what));
    TB_ASSIGN_OR_RETURN(const uint64_t time, DecodeNumber(value, what));
    marks.push_back({LastNumber(row->key()), static_cast<TimeMs>(time)});
  }
  TB_RETURN_IF_ERROR(FromRocks(row->status(), absl::StrCat("reading the marks of shard ", shard)));
  return marks;
}

}  // namespace tokenbroker::storage
