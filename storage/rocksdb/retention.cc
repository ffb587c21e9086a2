// Forgetting old log, and keeping what outlives it.
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/failpoint.h"
#include "base/status_macros.h"
#include "rocksdb/convenience.h"
#include "storage/rocksdb/held.h"
#include "storage/rocksdb/keys.h"
#include "storage/rocksdb/meta.h"
#include "storage/rocksdb/status.h"
#include "storage/rocksdb/store.h"

namespace tokenbroker::storage {
namespace {

// Asking space back costs a look at the keys of what is dropped, so it is done for this much at least, and for this
// share of the log.
constexpr double kReclaimBytes = 64 << 20;
constexpr double kReclaimShare = 0.1;

// How many records lie between; across epochs, those of the later one.
double Count(Sequence from, Sequence to) {
  if (EpochOf(from) != EpochOf(to)) from = MakeSequence(EpochOf(to), 0);
  return to > from ? static_cast<double>(to - from) : 0;
}

}  // namespace

absl::Status RocksDbStore::Hold(ShardId shard, absl::Span<const HeldCopy> copies) {
  TB_RETURN_IF_ERROR(CheckWritable());
  if (copies.empty()) return absl::OkStatus();
  rocksdb::WriteBatch batch;
  for (const HeldCopy& copy : copies) {
    shards_[shard].keys.AddHeld(copy.index_keys);
    const Key key = HeldKey(shard, copy.record);
    batch.Put(db_->held(), key, EncodeHeld(key, copy));
    for (const IndexKey& index_key : copy.index_keys) {
      batch.Put(db_->index(), IndexRowKey(shard, index_key), Key().Number(copy.record | kHeldFlag));
    }
  }
  return WriteChange(shard, batch, absl::StrCat("holding records of shard ", shard));
}

absl::Status RocksDbStore::ScanHeld(ShardId shard, Sequence from,
                                    absl::FunctionRef<bool(Sequence record)> visit) const {
  const std::unique_ptr<rocksdb::Iterator> row((*db_)->NewIterator({}, db_->held()));
  const Key first = HeldKey(shard, from);
  const std::string_view prefix = first.view().substr(0, 2);
  for (row->Seek(first); row->Valid() && ToView(row->key()).substr(0, 2) == prefix; row->Next()) {
    if (!visit(LastNumber(row->key()))) return absl::OkStatus();
  }
  return FromRocks(row->status(), absl::StrCat("reading the held records of shard ", shard));
}

absl::Status RocksDbStore::DropBefore(ShardId shard, Sequence floor) {
  TB_RETURN_IF_ERROR(CheckWritable());
  const Sequence last = shards_[shard].last_ever.load(std::memory_order_acquire);
  const Sequence before = FloorOf(shard);
  if (floor <= before || last == 0) return absl::OkStatus();
  TB_ASSIGN_OR_RETURN(const Sequence first, FirstFrom(shard, floor));
  floor = first != 0 ? first : last + 1;
  // The page that holds the floor stays whole.
  const std::unique_ptr<rocksdb::Iterator> page = LogIterator(shard, /*whole_log=*/false);
  page->SeekForPrev(NumberKey(shard, floor));
  TB_RETURN_IF_ERROR(FromRocks(page->status(), absl::StrCat("finding the new floor of shard ", shard)));
  const bool inside = first != 0 && page->Valid() && ToView(page->key())[0] == static_cast<char>(shard);
  const Sequence kept = inside ? LastNumber(page->key()) : floor;

  rocksdb::WriteBatch batch;
  TB_RETURN_IF_ERROR(DropMarks(shard, floor, batch));
  TB_RETURN_IF_ERROR(DropReleased(shard, floor, batch));
  const Key floor_key = FloorKey(shard);
  batch.Put(db_->meta(), floor_key, EncodeNumber(floor_key, floor));
  batch.DeleteRange(db_->log(), NumberKey(shard, 0), NumberKey(shard, kept));
  shards_[shard].floor.store(floor, std::memory_order_release);
  TB_RETURN_IF_ERROR(WriteChange(shard, batch, absl::StrCat("raising the floor of shard ", shard)));
  TB_FAILPOINT("store.floor_raised");
  (*floors_)[shard].store(floor, std::memory_order_release);
  shards_[shard].keys.DropBefore(floor);

  Reclaim(shard, kept);
  TB_FAILPOINT("store.files_dropped");
  NoteManifest(db_->db(), *witness_);
  return absl::OkStatus();
}

bool RocksDbStore::WorthReclaiming(ShardId shard) const {
  uint64_t log_bytes = 0;
  for (const std::string& property :
       {rocksdb::DB::Properties::kTotalSstFilesSize, rocksdb::DB::Properties::kTotalBlobFileSize}) {
    uint64_t bytes = 0;
    if ((*db_)->GetIntProperty(db_->log(), property, &bytes)) log_bytes += bytes;
  }
  double all = 1;
  for (const Shard& each : shards_) all += Count(each.reclaimed.load(), each.last_ever.load());
  const double share = Count(shards_[shard].reclaimed.load(), FloorOf(shard)) / all;
  return share >= kReclaimShare && share * static_cast<double>(log_bytes) >= kReclaimBytes;
}

void RocksDbStore::Reclaim(ShardId shard, Sequence keep) {
  const Key begin = NumberKey(shard, 0);
  const Key end = NumberKey(shard, keep);
  const rocksdb::Slice from = begin;
  const rocksdb::Slice to = end;
  const rocksdb::RangePtr range(&from, &to);
  // What fails here is space that comes back later.
  rocksdb::DeleteFilesInRanges(&db_->db(), db_->log(), &range, 1, /*include_end=*/false).PermitUncheckedError();
  if (!WorthReclaiming(shard)) return;
  shards_[shard].reclaimed.store(FloorOf(shard));
  // The files that hold other log, too, are written anew without what was dropped. They hold keys, most pages being in
  // blob files; and of what was dropped no page is read.
  rocksdb::CompactRangeOptions options;
  options.exclusive_manual_compaction = false;
  (*db_)->CompactRange(options, db_->log(), &from, &to).PermitUncheckedError();
}

absl::Status RocksDbStore::DropMarks(ShardId shard, Sequence floor, rocksdb::WriteBatch& batch) const {
  const std::unique_ptr<rocksdb::Iterator> row((*db_)->NewIterator({}, db_->meta()));
  const Key end = MarkKey(shard, floor);
  for (row->Seek(MarkKey(shard, 0)); row->Valid() && row->key().compare(end) < 0; row->Next()) {
    batch.Delete(db_->meta(), row->key());
  }
  return FromRocks(row->status(), absl::StrCat("reading the marks of shard ", shard));
}

absl::Status RocksDbStore::DropReleased(ShardId shard, Sequence floor, rocksdb::WriteBatch& batch) const {
  const std::unique_ptr<rocksdb::Iterator> row((*db_)->NewIterator({}, db_->held()));
  const Key end = ReleaseKey(shard, {floor, 0});
  for (row->Seek(ReleaseKey(shard, {0, 0})); row->Valid() && row->key().compare(end) < 0; row->Next()) {
    batch.Delete(db_->held(), row->key());
    TB_RETURN_IF_ERROR(DropHeld(shard, LastNumber(row->key()), batch));
  }
  return FromRocks(row->status(), absl::StrCat("reading the releases of shard ", shard));
}

absl::Status RocksDbStore::DropHeld(ShardId shard, Sequence record, rocksdb::WriteBatch& batch) const {
  const Key key = HeldKey(shard, record);
  rocksdb::PinnableSlice value;
  const rocksdb::Status status = (*db_)->Get({}, db_->held(), key, &value);
  if (status.IsNotFound()) return absl::OkStatus();
  TB_RETURN_IF_ERROR(FromRocks(status, absl::StrCat("reading held record ", record, " of shard ", shard)));
  TB_ASSIGN_OR_RETURN(const HeldRow held, DecodeHeld(key, ToView(value)));
  const Key flagged = Key().Number(record | kHeldFlag);
  for (const IndexKey& index_key : held.index_keys) {
    const Key row = IndexRowKey(shard, index_key);
    rocksdb::PinnableSlice points_to;
    const rocksdb::Status found = (*db_)->Get({}, db_->index(), row, &points_to);
    if (found.ok() && ToView(points_to) == flagged.view()) batch.Delete(db_->index(), row);
    if (!found.IsNotFound()) TB_RETURN_IF_ERROR(FromRocks(found, absl::StrCat("reading the index of shard ", shard)));
  }
  batch.Delete(db_->held(), key);
  return absl::OkStatus();
}

}  // namespace tokenbroker::storage
