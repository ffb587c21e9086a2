// The log: appending, reading, scanning.
#include <algorithm>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/failpoint.h"
#include "base/status_macros.h"
#include "storage/rocksdb/held.h"
#include "storage/rocksdb/keys.h"
#include "storage/rocksdb/meta.h"
#include "storage/rocksdb/status.h"
#include "storage/rocksdb/store.h"

namespace tokenbroker::storage {
namespace {

// A batch that grew beyond this gives its memory back.
constexpr size_t kKeptBatchBytes = 4 << 20;
constexpr size_t kScanReadahead = 1 << 20;

absl::Status CheckAscending(Sequence last, absl::Span<const LogRecord> records) {
  for (const LogRecord& record : records) {
    if (record.sequence <= last) {
      return absl::InvalidArgumentError(absl::StrCat("sequence ", record.sequence, " does not come after ", last));
    }
    last = record.sequence;
  }
  return absl::OkStatus();
}

absl::Status Missing(ShardId shard, Sequence from, Sequence to) {
  return absl::DataLossError(
      absl::StrCat("the log of shard ", shard, " has lost records between sequences ", from, " and ", to));
}

}  // namespace

absl::Status RocksDbStore::Append(ShardId shard, absl::Span<const LogRecord> records) {
  TB_RETURN_IF_ERROR(CheckWritable());
  Shard& to = shards_[shard];
  Sequence last = to.last_ever.load(std::memory_order_relaxed);
  TB_RETURN_IF_ERROR(CheckAscending(last, records));
  if (records.empty()) return absl::OkStatus();
  to.batch.Clear();
  for (absl::Span<const LogRecord> rest = records; !rest.empty();) {
    const absl::Span<const LogRecord> some = rest.subspan(0, CountForPage(rest));
    EncodePage(shard, last, some, to.page);
    to.batch.Put(db_->log(), NumberKey(shard, some.front().sequence), to.page);
    last = some.back().sequence;
    rest.remove_prefix(some.size());
  }
  TB_FAILPOINT("store.before_write");
  TB_RETURN_IF_ERROR(Write(to.batch, "appending to the log"));
  TB_FAILPOINT("store.after_write");
  to.last_ever.store(last, std::memory_order_release);
  if (options_.sync_writes) witness_->Acknowledge(shard, last);
  if (to.batch.GetDataSize() > kKeptBatchBytes) to.batch = rocksdb::WriteBatch();
  return absl::OkStatus();
}

absl::Status RocksDbStore::CheckWritable() const {
  if (options_.read_only) return absl::FailedPreconditionError("the store is open for reading only");
  if (!poisoned_.load(std::memory_order_acquire)) return absl::OkStatus();
  return absl::FailedPreconditionError("an earlier write failed, so that what is on disk is unknown: reopen the store");
}

absl::Status RocksDbStore::Write(rocksdb::WriteBatch& batch, std::string_view doing) {
  TB_RETURN_IF_ERROR(CheckWritable());
  rocksdb::WriteOptions options;
  options.sync = options_.sync_writes;
  const rocksdb::Status status = (*db_)->Write(options, &batch);
  // A failed sync may have dropped the data from the kernel's memory: trying again would seem to work.
  if (!status.ok()) poisoned_.store(true, std::memory_order_release);
  return FromRocks(status, doing);
}

absl::Status RocksDbStore::WriteChange(ShardId shard, rocksdb::WriteBatch& batch, std::string_view doing) {
  const uint64_t number = shards_[shard].changes.load(std::memory_order_relaxed) + 1;
  const Key key = ChangeKey(shard);
  batch.Put(db_->meta(), key, EncodeNumber(key, number));
  TB_RETURN_IF_ERROR(Write(batch, doing));
  shards_[shard].changes.store(number, std::memory_order_relaxed);
  if (options_.sync_writes) witness_->NoteChange(shard, number);
  return absl::OkStatus();
}

std::unique_ptr<rocksdb::Iterator> RocksDbStore::LogIterator(ShardId shard, bool whole_log) const {
  rocksdb::ReadOptions options;
  options.fill_cache = !whole_log;
  if (whole_log) options.readahead_size = kScanReadahead;
  return std::unique_ptr<rocksdb::Iterator>((*db_)->NewIterator(options, db_->log()));
}

absl::StatusOr<Page> RocksDbStore::PageAt(ShardId shard, const rocksdb::Iterator& iterator) const {
  return Page::Decode(shard, LastNumber(iterator.key()), ToView(iterator.value()));
}

namespace {

// Whether the iterator stands on a page of the shard.
bool OnShard(ShardId shard, const rocksdb::Iterator& iterator) {
  return iterator.Valid() && iterator.key().size() == kNumberKeySize &&
         static_cast<uint8_t>(iterator.key()[0]) == shard;
}

absl::Status IteratorStatus(ShardId shard, Sequence at, const rocksdb::Iterator& iterator) {
  return FromRocks(iterator.status(), absl::StrCat("reading the log of shard ", shard, " near sequence ", at));
}

}  // namespace

void RocksDbStore::SeekPage(ShardId shard, Sequence sequence, rocksdb::Iterator& iterator) const {
  iterator.SeekForPrev(NumberKey(shard, sequence));
  if (OnShard(shard, iterator) || !iterator.status().ok()) return;
  iterator.Seek(NumberKey(shard, sequence));
}

absl::StatusOr<std::string> RocksDbStore::Read(ShardId shard, Sequence sequence) const {
  if (sequence == 0) return absl::NotFoundError("no record has the number 0");
  if (sequence >= FloorOf(shard) && sequence <= shards_[shard].last_ever.load(std::memory_order_acquire)) {
    absl::StatusOr<std::string> bytes = ReadLog(shard, sequence);
    // The log may have been dropped under our eyes.
    if (bytes.ok() || sequence >= FloorOf(shard)) return bytes;
  }
  return ReadHeld(shard, sequence);
}

absl::StatusOr<std::string> RocksDbStore::ReadLog(ShardId shard, Sequence sequence) const {
  if (const KeptPagePtr kept = pages_.Find(shard, sequence)) {
    if (const LogRecord* record = kept->page().Find(sequence)) return std::string(record->bytes);
  }
  const std::unique_ptr<rocksdb::Iterator> iterator = LogIterator(shard, /*whole_log=*/false);
  SeekPage(shard, sequence, *iterator);
  Sequence before = 0;
  if (OnShard(shard, *iterator) && LastNumber(iterator->key()) <= sequence) {
    TB_ASSIGN_OR_RETURN(const KeptPagePtr kept,
                        KeptPage::Decode(shard, LastNumber(iterator->key()), ToView(iterator->value())));
    const Page& page = kept->page();
    pages_.Add(kept);
    if (const LogRecord* record = page.Find(sequence)) return std::string(record->bytes);
    if (page.last() > sequence) return absl::NotFoundError(absl::StrCat("shard ", shard, " has no record ", sequence));
    before = page.last();
    iterator->Next();
  }
  // It lies between two pages: numbers may be passed over, but then the next page says so.
  TB_RETURN_IF_ERROR(IteratorStatus(shard, sequence, *iterator));
  if (!OnShard(shard, *iterator)) return Missing(shard, before, shards_[shard].last_ever.load());
  TB_ASSIGN_OR_RETURN(const Page next, PageAt(shard, *iterator));
  if (next.previous() >= sequence) return Missing(shard, before, next.first());
  return absl::NotFoundError(absl::StrCat("shard ", shard, " has no record ", sequence));
}

absl::StatusOr<std::string> RocksDbStore::ReadHeld(ShardId shard, Sequence record) const {
  rocksdb::PinnableSlice value;
  const Key key = HeldKey(shard, record);
  const rocksdb::Status status = (*db_)->Get({}, db_->held(), key, &value);
  if (status.IsNotFound()) return absl::NotFoundError(absl::StrCat("shard ", shard, " has no record ", record));
  TB_RETURN_IF_ERROR(FromRocks(status, absl::StrCat("reading held record ", record, " of shard ", shard)));
  TB_ASSIGN_OR_RETURN(const HeldRow held, DecodeHeld(key, ToView(value)));
  return std::string(held.bytes);
}

absl::Status RocksDbStore::Scan(ShardId shard, Sequence from, absl::FunctionRef<bool(const LogRecord&)> visit) const {
  const Sequence last = shards_[shard].last_ever.load(std::memory_order_acquire);
  const std::unique_ptr<rocksdb::Iterator> iterator = LogIterator(shard, /*whole_log=*/true);
  // Asked for after the iterator was made: whatever it does not see any more is below.
  from = std::max({from, FloorOf(shard), Sequence{1}});
  // All up to here was seen, or is not asked for.
  Sequence seen = from - 1;
  for (SeekPage(shard, from, *iterator); OnShard(shard, *iterator); iterator->Next()) {
    TB_ASSIGN_OR_RETURN(const Page page, PageAt(shard, *iterator));
    if (page.first() > seen && page.previous() > seen) return Missing(shard, seen, page.first());
    for (const LogRecord& record : page.records()) {
      if (record.sequence < from) continue;
      if (!visit(record)) return absl::OkStatus();
    }
    seen = std::max(seen, page.last());
  }
  TB_RETURN_IF_ERROR(IteratorStatus(shard, seen, *iterator));
  return seen < last ? Missing(shard, seen, last) : absl::OkStatus();
}

absl::StatusOr<Sequence> RocksDbStore::FirstFrom(ShardId shard, Sequence sequence) const {
  Sequence first = 0;
  TB_RETURN_IF_ERROR(Scan(shard, sequence, [&](const LogRecord& record) {
    first = record.sequence;
    return false;
  }));
  return first;
}

absl::StatusOr<Sequence> RocksDbStore::LastSequence(ShardId shard) const {
  const Sequence last = shards_[shard].last_ever.load(std::memory_order_acquire);
  return last >= FloorOf(shard) ? last : 0;
}

absl::StatusOr<Sequence> RocksDbStore::Floor(ShardId shard) const { return FloorOf(shard); }

}  // namespace tokenbroker::storage
