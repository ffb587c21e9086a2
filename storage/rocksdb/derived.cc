// What checkpoints write: the index and the open set.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "storage/rocksdb/keys.h"
#include "storage/rocksdb/meta.h"
#include "storage/rocksdb/sealed.h"
#include "storage/rocksdb/sorted_file.h"
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

std::string SealedBlock(const Key& key, const OpenBlock& block) {
  std::string value;
  value.reserve(block.bytes.size() + kSealSize);
  value = block.bytes;
  Seal(key.view(), value);
  return value;
}

bool IsThere(const OpenBlock& block) { return !block.bytes.empty(); }

}  // namespace

std::unique_ptr<SortedFile> RocksDbStore::NewFile(rocksdb::ColumnFamilyHandle* family) {
  const std::string name = absl::StrCat(family->GetName(), "-", sorted_files_.fetch_add(1), kSortedFileSuffix);
  return std::make_unique<SortedFile>(*db_, family, absl::StrCat(options_.path, "/", name));
}

std::unique_ptr<SortedFile> RocksDbStore::PutIndex(ShardId shard, absl::Span<const IndexEntry> entries,
                                                   rocksdb::WriteBatch& batch) {
  if (entries.size() <= options_.batch_rows) {
    for (const IndexEntry& entry : entries) {
      batch.Put(db_->index(), IndexRowKey(shard, entry.key), IndexValue(entry.sequence));
    }
    return nullptr;
  }
  std::unique_ptr<SortedFile> file = NewFile(db_->index());
  for (const IndexEntry& entry : entries) file->Put(IndexRowKey(shard, entry.key), IndexValue(entry.sequence));
  // Those below the floor may be forgotten at any time.
  const auto stays = [floor = FloorOf(shard)](const IndexEntry& entry) { return entry.sequence >= floor; };
  const auto expect = [&](const IndexEntry& entry) {
    file->Expect(IndexRowKey(shard, entry.key), IndexValue(entry.sequence));
  };
  const auto first = std::find_if(entries.begin(), entries.end(), stays);
  if (first == entries.end()) return file;
  expect(*first);
  expect(*std::find_if(entries.rbegin(), entries.rend(), stays));
  return file;
}

std::unique_ptr<SortedFile> RocksDbStore::PutBlocks(ShardId shard, absl::Span<const OpenBlock> blocks,
                                                    rocksdb::WriteBatch& batch) {
  const auto first = std::find_if(blocks.begin(), blocks.end(), IsThere);
  // Of a file of nothing but deletions nobody could tell that it was taken in with its contents.
  if (blocks.size() <= options_.batch_rows || first == blocks.end()) {
    for (const OpenBlock& block : blocks) {
      const Key key = NumberKey(shard, block.number);
      IsThere(block) ? batch.Put(db_->open(), key, SealedBlock(key, block)) : batch.Delete(db_->open(), key);
    }
    return nullptr;
  }
  std::unique_ptr<SortedFile> file = NewFile(db_->open());
  for (const OpenBlock& block : blocks) {
    const Key key = NumberKey(shard, block.number);
    IsThere(block) ? file->Put(key, SealedBlock(key, block)) : file->Delete(key);
  }
  const auto expect = [&](const OpenBlock& block) {
    const Key key = NumberKey(shard, block.number);
    file->Expect(key, SealedBlock(key, block));
  };
  expect(*first);
  expect(*std::find_if(blocks.rbegin(), blocks.rend(), IsThere));
  return file;
}

absl::Status RocksDbStore::TakeInRows(std::vector<SortedFile*> files) {
  std::erase(files, nullptr);
  if (files.empty()) return absl::OkStatus();
  const absl::Status status = TakeIn(*db_, files);
  NoteManifest(db_->db(), *witness_);
  return status;
}

absl::Status RocksDbStore::SaveCheckpoint(ShardId shard, const Checkpoint& checkpoint) {
  TB_RETURN_IF_ERROR(CheckWritable());
  std::vector<IndexEntry> unique;
  TB_ASSIGN_OR_RETURN(const absl::Span<const IndexEntry> entries, Deduplicated(checkpoint.index, unique));
  TB_ASSIGN_OR_RETURN(const LoadedCheckpoint before, LoadHead(shard, {}));
  shards_[shard].keys.Add(entries);
  rocksdb::WriteBatch batch;
  const std::unique_ptr<SortedFile> index = PutIndex(shard, entries, batch);
  const std::unique_ptr<SortedFile> blocks = PutBlocks(shard, checkpoint.blocks, batch);
  // Before the head: rows without their checkpoint are harmless, a checkpoint without its rows is not.
  TB_RETURN_IF_ERROR(TakeInRows({index.get(), blocks.get()}));
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
