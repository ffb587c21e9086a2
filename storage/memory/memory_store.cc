#include "storage/memory/memory_store.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"

namespace tokenbroker::storage {
namespace {

absl::Status CheckAscending(Sequence last, absl::Span<const LogRecord> records) {
  for (const LogRecord& record : records) {
    if (record.sequence <= last) {
      return absl::InvalidArgumentError(absl::StrCat("sequence ", record.sequence, " does not come after ", last));
    }
    last = record.sequence;
  }
  return absl::OkStatus();
}

}  // namespace

MemoryStore::MemoryStore(std::shared_ptr<MemoryDisk> disk) : disk_(std::move(disk)) {
  std::lock_guard lock(disk_->mutex_);
  generation_ = disk_->generation_;
  identity_ = disk_->identity_;
}

absl::Status MemoryStore::CheckAlive() const {
  if (generation_ == disk_->generation_) return absl::OkStatus();
  return absl::UnavailableError("the store was crashed");
}

absl::Status MemoryStore::CheckWritable() const {
  TB_RETURN_IF_ERROR(CheckAlive());
  if (!poisoned_) return absl::OkStatus();
  return absl::FailedPreconditionError("an earlier write failed: reopen the store");
}

template <typename Change>
absl::Status MemoryStore::Write(MemoryWrite write, ShardId shard, Change change) {
  const MemoryFate fate = disk_->NextFate(write, shard);
  if (fate != MemoryFate::kFailsAndIsLost) change(disk_->shards_[shard]);
  if (fate == MemoryFate::kSucceeds) return absl::OkStatus();
  poisoned_ = true;
  return absl::UnavailableError("injected: a write failed");
}

absl::Status MemoryStore::Append(ShardId shard, absl::Span<const LogRecord> records) {
  std::lock_guard lock(disk_->mutex_);
  TB_RETURN_IF_ERROR(CheckWritable());
  TB_RETURN_IF_ERROR(CheckAscending(disk_->shards_[shard].last_ever, records));
  if (records.empty()) return absl::OkStatus();
  return Write(MemoryWrite::kAppend, shard, [&](Shard& to) {
    for (const LogRecord& record : records) to.log.emplace_hint(to.log.end(), record.sequence, record.bytes);
    to.last_ever = records.back().sequence;
  });
}

absl::StatusOr<std::string> MemoryStore::Read(ShardId shard, Sequence sequence) const {
  std::lock_guard lock(disk_->mutex_);
  TB_RETURN_IF_ERROR(CheckAlive());
  const Shard& from = disk_->shards_[shard];
  if (const auto record = from.log.find(sequence); record != from.log.end()) return record->second;
  if (const auto held = from.held.find(sequence); held != from.held.end()) return held->second.bytes;
  return absl::NotFoundError(absl::StrCat("shard ", shard, " has no record ", sequence));
}

absl::Status MemoryStore::Scan(ShardId shard, Sequence from, absl::FunctionRef<bool(const LogRecord&)> visit) const {
  while (true) {
    std::string bytes;
    {
      // Not held while visiting: the visitor may read.
      std::lock_guard lock(disk_->mutex_);
      TB_RETURN_IF_ERROR(CheckAlive());
      const auto& log = disk_->shards_[shard].log;
      const auto record = log.lower_bound(from);
      if (record == log.end()) return absl::OkStatus();
      from = record->first;
      bytes = record->second;
    }
    if (!visit(LogRecord{from, bytes})) return absl::OkStatus();
    ++from;
  }
}

absl::StatusOr<Sequence> MemoryStore::LastSequence(ShardId shard) const {
  std::lock_guard lock(disk_->mutex_);
  TB_RETURN_IF_ERROR(CheckAlive());
  const auto& log = disk_->shards_[shard].log;
  return log.empty() ? 0 : log.rbegin()->first;
}

absl::StatusOr<Sequence> MemoryStore::Floor(ShardId shard) const {
  std::lock_guard lock(disk_->mutex_);
  TB_RETURN_IF_ERROR(CheckAlive());
  return disk_->shards_[shard].floor;
}

absl::StatusOr<Sequence> MemoryStore::Find(ShardId shard, const IndexKey& key) const {
  std::lock_guard lock(disk_->mutex_);
  TB_RETURN_IF_ERROR(CheckAlive());
  const Shard& from = disk_->shards_[shard];
  const auto entry = from.index.find(key);
  const bool there = entry != from.index.end() && (entry->second.held || entry->second.sequence >= from.floor);
  return there ? entry->second.sequence : 0;
}

absl::Status MemoryStore::FindAll(ShardId shard, absl::Span<const IndexKey> keys, absl::Span<Sequence> found) const {
  for (size_t i = 0; i < keys.size(); ++i) {
    TB_ASSIGN_OR_RETURN(found[i], Find(shard, keys[i]));
  }
  return absl::OkStatus();
}

absl::Status MemoryStore::SaveCheckpoint(ShardId shard, const Checkpoint& checkpoint) {
  std::lock_guard lock(disk_->mutex_);
  TB_RETURN_IF_ERROR(CheckWritable());
  TB_RETURN_IF_ERROR(
      Write(MemoryWrite::kCheckpointIndex, shard, [&](Shard& to) { MemoryDisk::PutIndex(to, checkpoint.index); }));
  TB_RETURN_IF_ERROR(
      Write(MemoryWrite::kCheckpointBlocks, shard, [&](Shard& to) { MemoryDisk::PutBlocks(to, checkpoint.blocks); }));
  return Write(MemoryWrite::kCheckpointHead, shard, [&](Shard& to) { MemoryDisk::PutHead(to, checkpoint); });
}

absl::StatusOr<TokenStore::LoadedCheckpoint> MemoryStore::LoadCheckpoint(
    ShardId shard, absl::FunctionRef<void(uint64_t number, std::string_view bytes)> block) const {
  std::map<uint64_t, std::string> blocks;
  LoadedCheckpoint head;
  {
    std::lock_guard lock(disk_->mutex_);
    TB_RETURN_IF_ERROR(CheckAlive());
    blocks = disk_->shards_[shard].blocks;
    head = disk_->shards_[shard].head;
  }
  for (const auto& [number, bytes] : blocks) block(number, bytes);
  return head;
}

absl::StatusOr<std::vector<Mark>> MemoryStore::Marks(ShardId shard) const {
  std::lock_guard lock(disk_->mutex_);
  TB_RETURN_IF_ERROR(CheckAlive());
  std::vector<Mark> marks;
  for (const auto& [sequence, time] : disk_->shards_[shard].marks) marks.push_back({sequence, time});
  return marks;
}

absl::Status MemoryStore::Hold(ShardId shard, absl::Span<const HeldCopy> copies) {
  std::lock_guard lock(disk_->mutex_);
  TB_RETURN_IF_ERROR(CheckWritable());
  if (copies.empty()) return absl::OkStatus();
  return Write(MemoryWrite::kHold, shard, [&](Shard& to) {
    for (const HeldCopy& copy : copies) MemoryDisk::PutHeld(to, copy);
  });
}

absl::Status MemoryStore::ScanHeld(ShardId shard, Sequence from, absl::FunctionRef<bool(Sequence record)> visit) const {
  while (true) {
    {
      // Not held while visiting: the visitor may read.
      std::lock_guard lock(disk_->mutex_);
      TB_RETURN_IF_ERROR(CheckAlive());
      const auto& held = disk_->shards_[shard].held;
      const auto copy = held.lower_bound(from);
      if (copy == held.end()) return absl::OkStatus();
      from = copy->first;
    }
    if (!visit(from)) return absl::OkStatus();
    ++from;
  }
}

absl::Status MemoryStore::DropBefore(ShardId shard, Sequence floor) {
  std::lock_guard lock(disk_->mutex_);
  TB_RETURN_IF_ERROR(CheckWritable());
  const Shard& before = disk_->shards_[shard];
  if (floor <= before.floor || before.last_ever == 0) return absl::OkStatus();
  return Write(MemoryWrite::kDrop, shard, [&](Shard& to) { MemoryDisk::Drop(to, floor); });
}

absl::Status MemoryStore::Backup(const std::string& path) {
  return absl::UnimplementedError("a store in memory has no files to copy");
}

absl::Status MemoryStore::Verify() const {
  std::lock_guard lock(disk_->mutex_);
  return CheckAlive();
}

uint64_t MemoryStore::SizeBytes() const {
  std::lock_guard lock(disk_->mutex_);
  uint64_t size = 0;
  for (const Shard& shard : disk_->shards_) {
    for (const auto& [sequence, bytes] : shard.log) size += bytes.size();
    for (const auto& [task, held] : shard.held) size += held.bytes.size();
    for (const auto& [number, bytes] : shard.blocks) size += bytes.size();
    size += shard.index.size() * sizeof(IndexEntry);
  }
  return size;
}

}  // namespace tokenbroker::storage
