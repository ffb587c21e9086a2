// Looking up keys in the index.
#include <algorithm>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "storage/rocksdb/keys.h"
#include "storage/rocksdb/status.h"
#include "storage/rocksdb/store.h"

namespace tokenbroker::storage {
namespace {

// How many rows are handed to the filter at once while it is filled.
constexpr size_t kWarmUpRows = 1024;

std::string ReadingIndex(ShardId shard) { return absl::StrCat("reading the index of shard ", shard); }

}  // namespace

absl::StatusOr<Sequence> RocksDbStore::DecodeIndexRow(ShardId shard, const rocksdb::Slice& value) const {
  if (value.size() != sizeof(Sequence)) {
    return absl::DataLossError(absl::StrCat("an index entry of shard ", shard, " does not add up"));
  }
  const uint64_t row = GetBig64(value.data());
  if ((row & kHeldFlag) != 0) return row & ~kHeldFlag;
  // The compaction filter has not come by yet.
  return row < FloorOf(shard) ? 0 : row;
}

absl::StatusOr<Sequence> RocksDbStore::Find(ShardId shard, const IndexKey& key) const {
  Sequence found = 0;
  TB_RETURN_IF_ERROR(FindAll(shard, {&key, 1}, {&found, 1}));
  return found;
}

absl::Status RocksDbStore::FindAll(ShardId shard, absl::Span<const IndexKey> keys, absl::Span<Sequence> found) const {
  std::fill(found.begin(), found.end(), 0);
  absl::InlinedVector<bool, 64> maybe(keys.size());
  shards_[shard].keys.Ask(keys, absl::MakeSpan(maybe));
  absl::InlinedVector<size_t, 8> asked;
  absl::InlinedVector<Key, 8> rows;
  for (size_t i = 0; i < keys.size(); ++i) {
    if (!maybe[i]) continue;
    asked.push_back(i);
    rows.push_back(IndexRowKey(shard, keys[i]));
  }
  if (asked.empty()) return absl::OkStatus();
  const absl::InlinedVector<rocksdb::Slice, 8> slices(rows.begin(), rows.end());
  absl::InlinedVector<rocksdb::PinnableSlice, 8> values(asked.size());
  absl::InlinedVector<rocksdb::Status, 8> statuses(asked.size());
  (*db_)->MultiGet({}, db_->index(), asked.size(), slices.data(), values.data(), statuses.data());
  for (size_t i = 0; i < asked.size(); ++i) {
    if (statuses[i].IsNotFound()) continue;
    TB_RETURN_IF_ERROR(FromRocks(statuses[i], ReadingIndex(shard)));
    TB_ASSIGN_OR_RETURN(found[asked[i]], DecodeIndexRow(shard, values[i]));
  }
  return absl::OkStatus();
}

absl::Status RocksDbStore::WarmUpIfEmpty() {
  const std::unique_ptr<rocksdb::Iterator> row((*db_)->NewIterator({}, db_->index()));
  row->SeekToFirst();
  TB_RETURN_IF_ERROR(FromRocks(row->status(), "reading the beginning of the index"));
  if (row->Valid()) return absl::OkStatus();
  for (Shard& shard : shards_) shard.keys.Complete();
  return absl::OkStatus();
}

// Checkpoints that are written meanwhile add their keys themselves.
absl::Status RocksDbStore::WarmUp(std::stop_token stop) {
  if (shards_[0].keys.complete()) return absl::OkStatus();
  rocksdb::ReadOptions read;
  read.fill_cache = false;
  read.readahead_size = 1 << 20;
  const std::unique_ptr<rocksdb::Iterator> row((*db_)->NewIterator(read, db_->index()));
  std::vector<IndexEntry> passing;
  std::vector<IndexKey> held;
  ShardId shard = 0;
  const auto hand_over = [&] {
    shards_[shard].keys.Add(passing);
    shards_[shard].keys.AddHeld(held);
    passing.clear();
    held.clear();
  };
  for (row->SeekToFirst(); row->Valid() && !stop.stop_requested(); row->Next()) {
    if (row->key().size() != kIndexKeySize || row->value().size() != sizeof(Sequence)) {
      return absl::DataLossError("a row of the index does not add up");
    }
    const ShardId of = static_cast<ShardId>(row->key()[0]);
    if (of != shard || passing.size() + held.size() == kWarmUpRows) hand_over();
    shard = of;
    const IndexKey key{GetBig64(row->key().data() + 1), GetBig64(row->key().data() + 9)};
    const uint64_t points_to = GetBig64(row->value().data());
    (points_to & kHeldFlag) != 0 ? held.push_back(key) : passing.push_back({key, points_to});
  }
  TB_RETURN_IF_ERROR(FromRocks(row->status(), "reading the index"));
  hand_over();
  if (stop.stop_requested()) return absl::OkStatus();
  for (Shard& each : shards_) each.keys.Complete();
  return absl::OkStatus();
}

}  // namespace tokenbroker::storage
