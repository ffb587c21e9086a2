#include "tests/storage/model.h"

#include <algorithm>

#include "gtest/gtest.h"
#include "tests/testing/store_status.h"

namespace tokenbroker::storage {
namespace {

// Few, so that checkpoints override each other.
IndexKey KeyNumber(uint64_t n) { return {(n * 0x9e3779b97f4a7c15u) | uint64_t{1} << 63, n}; }
constexpr uint64_t kKeys = 200;
constexpr uint64_t kBlocks = 60;

std::map<uint64_t, std::string> BlocksOf(const TokenStore& store, ShardId shard) {
  std::map<uint64_t, std::string> blocks;
  TB_EXPECT_OK(store.LoadCheckpoint(
      shard, [&](uint64_t number, std::string_view bytes) { blocks[number] = std::string(bytes); }));
  return blocks;
}

}  // namespace

const std::vector<ShardId>& StoreModel::Shards() {
  static const std::vector<ShardId> shards = {0, 9, 255};
  return shards;
}

absl::Status ModelCall::Make(TokenStore& store) const {
  if (kind == kCheckpoint) return store.SaveCheckpoint(shard, checkpoint);
  if (kind == kHold) return store.Hold(shard, held);
  if (kind == kDrop) return store.DropBefore(shard, floor);
  std::vector<LogRecord> records;
  for (size_t i = 0; i < bytes.size(); ++i) records.push_back({first + i, bytes[i]});
  return store.Append(shard, records);
}

ModelCall StoreModel::Next() {
  const ShardId shard = Shards()[random_.Below(Shards().size())];
  const uint64_t dice = shards_[shard].last_ever == 0 ? 0 : random_.Below(20);
  if (dice < 13) return NextAppend(shard);
  if (dice < 17) return NextCheckpoint(shard);
  return dice < 19 ? NextHold(shard) : NextDrop(shard);
}

ModelCall StoreModel::NextAppend(ShardId shard) {
  ModelCall call;
  call.shard = shard;
  call.first = shards_[shard].last_ever + 1;
  const uint64_t count = random_.OneIn(3) ? 1 : 1 + random_.Below(150);
  for (uint64_t i = 0; i < count; ++i) {
    call.bytes.push_back(random_.Bytes(random_.OneIn(60) ? random_.Below(30000) : random_.Below(300)));
  }
  return call;
}

ModelCall StoreModel::NextCheckpoint(ShardId shard) {
  const ModelShard& now = shards_[shard];
  ModelCall call;
  call.kind = ModelCall::kCheckpoint;
  call.shard = shard;
  call.checkpoint.covers = now.last_ever;
  call.checkpoint.time = static_cast<TimeMs>(now.last_ever) + 1000;
  call.checkpoint.state = random_.Bytes(8 + random_.Below(100));  // long enough to be unique
  const uint64_t one_in = 2 + random_.Below(15);                  // so that some are large
  for (uint64_t n = 0; n < kKeys; ++n) {
    // Never a number that may be held, so that it can be told who wrote an entry.
    const Sequence sequence = (1 + random_.Below(now.last_ever)) | 1;
    if (random_.OneIn(one_in)) call.checkpoint.index.push_back({KeyNumber(n), sequence});
  }
  std::sort(call.checkpoint.index.begin(), call.checkpoint.index.end(),
            [](const IndexEntry& a, const IndexEntry& b) { return a.key < b.key; });
  for (uint64_t n = 0; n < kBlocks; ++n) {
    if (random_.OneIn(one_in)) call.checkpoint.blocks.push_back({n, random_.Bytes(random_.Below(3) * 700)});
  }
  for (const auto& [task, held] : now.held) {
    if (random_.OneIn(4)) call.checkpoint.releases.push_back({now.last_ever, task});
  }
  return call;
}

ModelCall StoreModel::NextHold(ShardId shard) {
  ModelCall call;
  call.kind = ModelCall::kHold;
  call.shard = shard;
  for (const auto& [sequence, bytes] : shards_[shard].log) {
    if (sequence % 2 != 0 || shards_[shard].held.contains(sequence) || !random_.OneIn(50)) continue;
    call.held.push_back({sequence, bytes, {KeyNumber(random_.Below(kKeys)), KeyNumber(kKeys + sequence)}});
  }
  return call;
}

ModelCall StoreModel::NextDrop(ShardId shard) {
  const ModelShard& now = shards_[shard];
  ModelCall call;
  call.kind = ModelCall::kDrop;
  call.shard = shard;
  // What the last checkpoint does not cover must stay.
  const Sequence highest = now.covers + 1;
  call.floor = highest > now.floor ? now.floor + random_.Below(highest - now.floor + 1) : now.floor;
  return call;
}

void StoreModel::Release(ModelShard& to, Sequence task) {
  const auto held = to.held.find(task);
  if (held == to.held.end()) return;
  for (const IndexKey& key : held->second.index_keys) {
    const auto entry = to.index.find(key);
    if (entry != to.index.end() && entry->second == std::pair(task, true)) to.index.erase(entry);
  }
  to.held.erase(held);
}

void StoreModel::Apply(const ModelCall& call) {
  ModelShard& to = shards_[call.shard];
  if (call.kind == ModelCall::kAppend) {
    for (const std::string& bytes : call.bytes) to.log[++to.last_ever] = bytes;
  }
  if (call.kind == ModelCall::kCheckpoint) {
    for (const IndexEntry& entry : call.checkpoint.index) to.index[entry.key] = {entry.sequence, false};
    for (const OpenBlock& block : call.checkpoint.blocks) {
      to.blocks[block.number] = block.bytes;
      if (block.bytes.empty()) to.blocks.erase(block.number);
    }
    for (const auto& release : call.checkpoint.releases) to.releases.insert({release.ended_at, release.record});
    to.covers = call.checkpoint.covers;
    to.state = call.checkpoint.state;
  }
  if (call.kind == ModelCall::kHold) {
    for (const HeldCopy& held : call.held) {
      to.held[held.record] = held;
      for (const IndexKey& key : held.index_keys) to.index[key] = {held.record, true};
    }
  }
  if (call.kind == ModelCall::kDrop && call.floor > to.floor && to.last_ever != 0) {
    to.log.erase(to.log.begin(), to.log.lower_bound(call.floor));
    to.floor = to.log.empty() ? to.last_ever + 1 : to.log.begin()->first;
    while (!to.releases.empty() && to.releases.begin()->first < to.floor) {
      Release(to, to.releases.begin()->second);
      to.releases.erase(to.releases.begin());
    }
    std::erase_if(to.index, [&](const auto& entry) { return !entry.second.second && entry.second.first < to.floor; });
  }
}

void StoreModel::Step(TokenStore& store) {
  const ModelCall call = Next();
  TB_ASSERT_OK(call.Make(store));
  Apply(call);
}

void StoreModel::Check(const TokenStore& store) const {
  for (const ShardId shard : Shards()) CheckShard(store, shard);
}

void StoreModel::CheckShard(const TokenStore& store, ShardId shard) const {
  SCOPED_TRACE("shard " + std::to_string(shard));
  static const ModelShard kEmpty;
  const auto found = shards_.find(shard);
  const ModelShard& model = found == shards_.end() ? kEmpty : found->second;
  EXPECT_EQ(*store.LastSequence(shard), model.log.empty() ? 0 : model.last_ever);
  EXPECT_EQ(*store.Floor(shard), model.floor);
  std::map<Sequence, std::string> log;
  TB_EXPECT_OK(store.Scan(shard, 0, [&](const LogRecord& record) {
    log[record.sequence] = std::string(record.bytes);
    return true;
  }));
  EXPECT_TRUE(log == model.log) << log.size() << " records instead of " << model.log.size();
  for (Sequence sequence = 1; sequence <= model.last_ever + 2; sequence += 1 + model.last_ever / 50) {
    const auto expected = model.log.find(sequence);
    if (expected != model.log.end()) {
      EXPECT_TRUE(*store.Read(shard, sequence) == expected->second);
      continue;
    }
    if (model.held.contains(sequence)) continue;
    TB_EXPECT_CODE(store.Read(shard, sequence), absl::StatusCode::kNotFound);
  }
  for (const auto& [task, held] : model.held) EXPECT_TRUE(*store.Read(shard, task) == held.bytes) << task;
  std::vector<Sequence> held;
  TB_EXPECT_OK(store.ScanHeld(shard, 0, [&](Sequence task) {
    held.push_back(task);
    return true;
  }));
  EXPECT_TRUE(std::equal(held.begin(), held.end(), model.held.begin(), model.held.end(),
                         [](Sequence task, const auto& kept) { return task == kept.first; }));
  for (uint64_t n = 0; n < kKeys; ++n) {
    EXPECT_EQ(*store.Find(shard, KeyNumber(n)), Visible(shard, KeyNumber(n))) << "key " << n;
  }
  const auto head = store.LoadCheckpoint(shard, [](uint64_t, std::string_view) {});
  TB_ASSERT_OK(head);
  EXPECT_EQ(head->covers, model.covers);
  EXPECT_TRUE(head->state == model.state);
  EXPECT_TRUE(BlocksOf(store, shard) == model.blocks);
}

Sequence StoreModel::Visible(ShardId shard, const IndexKey& key) const {
  const auto found = shards_.find(shard);
  if (found == shards_.end()) return 0;
  const auto entry = found->second.index.find(key);
  if (entry == found->second.index.end()) return 0;
  const auto& [sequence, held] = entry->second;
  return held || sequence >= found->second.floor ? sequence : 0;
}

void StoreModel::AdoptIndex(const TokenStore& store, ShardId shard, const std::vector<IndexEntry>& entries) {
  for (const IndexEntry& entry : entries) {
    const Sequence now = *store.Find(shard, entry.key);
    const Sequence written = entry.sequence >= shards_[shard].floor ? entry.sequence : 0;
    if (now == written && now != Visible(shard, entry.key)) shards_[shard].index[entry.key] = {entry.sequence, false};
  }
}

void StoreModel::AdoptBlocks(const TokenStore& store, ShardId shard, const std::vector<OpenBlock>& blocks) {
  const std::map<uint64_t, std::string> there = BlocksOf(store, shard);
  for (const OpenBlock& block : blocks) {
    const auto now = there.find(block.number);
    if (block.bytes != (now == there.end() ? "" : now->second)) continue;
    shards_[shard].blocks.erase(block.number);
    if (!block.bytes.empty()) shards_[shard].blocks[block.number] = block.bytes;
  }
}

void StoreModel::CheckAfterCrash(const TokenStore& store, const ModelCall* unsure) {
  if (unsure == nullptr) return Check(store);
  // Files of a checkpoint may have been taken in without its head: replaying the log makes that good, so index and
  // blocks are adopted as one or the other, entry by entry.
  const ShardId shard = unsure->shard;
  StoreModel after = *this;
  after.Apply(*unsure);
  const ModelShard& with = after.shards_[shard];
  const ModelShard& without = shards_[shard];
  bool there = false;
  if (unsure->kind == ModelCall::kAppend) there = *store.LastSequence(shard) == with.last_ever;
  if (unsure->kind == ModelCall::kDrop) there = *store.Floor(shard) != without.floor;
  if (unsure->kind == ModelCall::kCheckpoint) {
    const auto head = store.LoadCheckpoint(shard, [](uint64_t, std::string_view) {});
    TB_ASSERT_OK(head);
    there = head->state == unsure->checkpoint.state && head->covers == unsure->checkpoint.covers;
    if (!there) {
      AdoptIndex(store, shard, unsure->checkpoint.index);
      AdoptBlocks(store, shard, unsure->checkpoint.blocks);
    }
  }
  if (unsure->kind == ModelCall::kHold && !unsure->held.empty()) {
    // Held copies of what is still in the log show only in the index.
    const HeldCopy& last = unsure->held.back();
    there = *store.Find(shard, last.index_keys[1]) == last.record;
  }
  if (there) Apply(*unsure);
  Check(store);
}

}  // namespace tokenbroker::storage
