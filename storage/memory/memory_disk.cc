#include "storage/memory/memory_disk.h"

#include <algorithm>

namespace tokenbroker::storage {

void MemoryDisk::SetFaultHook(FaultHook hook) {
  std::lock_guard lock(mutex_);
  hook_ = std::move(hook);
}

uint64_t MemoryDisk::writes() const {
  std::lock_guard lock(mutex_);
  return writes_;
}

void MemoryDisk::Crash() {
  std::lock_guard lock(mutex_);
  ++generation_;
}

void MemoryDisk::BeginNewEpoch() {
  std::lock_guard lock(mutex_);
  ++generation_;
  ++identity_.epoch;
}

void MemoryDisk::PutIndex(Shard& to, const std::vector<IndexEntry>& entries) {
  std::map<IndexKey, Sequence> newest;
  for (const IndexEntry& entry : entries) {
    Sequence& sequence = newest[entry.key];
    sequence = std::max(sequence, entry.sequence);
  }
  for (const auto& [key, sequence] : newest) to.index[key] = {sequence, false};
}

void MemoryDisk::PutBlocks(Shard& to, const std::vector<OpenBlock>& blocks) {
  for (const OpenBlock& block : blocks) {
    if (block.bytes.empty()) {
      to.blocks.erase(block.number);
    } else {
      to.blocks[block.number] = block.bytes;
    }
  }
}

void MemoryDisk::PutHead(Shard& to, const Checkpoint& checkpoint) {
  for (const auto& release : checkpoint.releases) to.releases.emplace(release.ended_at, release.record);
  to.marks.emplace(checkpoint.covers, checkpoint.time);
  to.head = TokenStore::LoadedCheckpoint{checkpoint.covers, checkpoint.time, checkpoint.state};
}

void MemoryDisk::PutHeld(Shard& to, const HeldCopy& copy) {
  to.held[copy.record] = {copy.bytes, copy.index_keys};
  for (const IndexKey& key : copy.index_keys) to.index[key] = {copy.record, true};
}

void MemoryDisk::Release(Shard& to, Sequence record) {
  const auto held = to.held.find(record);
  if (held == to.held.end()) return;
  for (const IndexKey& key : held->second.index_keys) {
    const auto entry = to.index.find(key);
    if (entry != to.index.end() && entry->second.held && entry->second.sequence == record) to.index.erase(entry);
  }
  to.held.erase(held);
}

void MemoryDisk::Drop(Shard& to, Sequence floor) {
  to.log.erase(to.log.begin(), to.log.lower_bound(floor));
  to.floor = to.log.empty() ? to.last_ever + 1 : to.log.begin()->first;
  to.marks.erase(to.marks.begin(), to.marks.lower_bound(to.floor));
  const auto released = to.releases.lower_bound(to.floor);
  for (auto release = to.releases.begin(); release != released; ++release) Release(to, release->second);
  to.releases.erase(to.releases.begin(), released);
  std::erase_if(to.index, [&](const auto& entry) { return !entry.second.held && entry.second.sequence < to.floor; });
}

MemoryFate MemoryDisk::NextFate(MemoryWrite write, ShardId shard) {
  const uint64_t number = writes_++;
  return hook_ ? hook_(write, shard, number) : MemoryFate::kSucceeds;
}

}  // namespace tokenbroker::storage
