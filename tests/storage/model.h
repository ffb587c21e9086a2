// A store as it would be if disks could not fail, and a script of random calls that keeps it and a real one in step.
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "storage/token_store.h"
#include "tests/testing/store_seed.h"

namespace tokenbroker::storage {

struct ModelShard {
  std::map<Sequence, std::string> log;
  Sequence last_ever = 0;
  Sequence floor = 0;
  std::map<IndexKey, std::pair<Sequence, bool>> index;  // bool: held
  std::map<uint64_t, std::string> blocks;
  std::map<Sequence, HeldCopy> held;
  std::set<std::pair<Sequence, Sequence>> releases;  // ended_at, record
  Sequence covers = 0;
  std::string state;
};

// One random call. Which fields it uses depends on its kind.
struct ModelCall {
  enum Kind { kAppend, kCheckpoint, kHold, kDrop } kind = kAppend;
  ShardId shard = 0;
  std::vector<std::string> bytes;
  Sequence first = 0;
  Checkpoint checkpoint;
  std::vector<HeldCopy> held;
  Sequence floor = 0;

  absl::Status Make(TokenStore& store) const;
};

class StoreModel {
 public:
  explicit StoreModel(uint64_t seed) : random_(seed) {}

  ::tokenbroker::testing::Random& random() { return random_; }
  const ModelShard& shard(ShardId shard) { return shards_[shard]; }

  // Makes up a call that is allowed now.
  ModelCall Next();
  // What the call does when it succeeds.
  void Apply(const ModelCall& call);

  // Next, Make, Apply; the call must succeed.
  void Step(TokenStore& store);

  // Compares everything (gtest expectations).
  void Check(const TokenStore& store) const;
  // Compares what was acknowledged with a store that went through a crash in `unsure`, if not null, whose effect may or
  // may not be there; and adopts what is there.
  void CheckAfterCrash(const TokenStore& store, const ModelCall* unsure);

  static const std::vector<ShardId>& Shards();

 private:
  ModelCall NextAppend(ShardId shard);
  ModelCall NextCheckpoint(ShardId shard);
  ModelCall NextHold(ShardId shard);
  ModelCall NextDrop(ShardId shard);
  void Release(ModelShard& to, Sequence task);
  // What Find must answer.
  Sequence Visible(ShardId shard, const IndexKey& key) const;
  // Takes over what of `entries` stands in the store.
  void AdoptIndex(const TokenStore& store, ShardId shard, const std::vector<IndexEntry>& entries);
  void AdoptBlocks(const TokenStore& store, ShardId shard, const std::vector<OpenBlock>& blocks);
  void CheckShard(const TokenStore& store, ShardId shard) const;

  ::tokenbroker::testing::Random random_;
  std::map<ShardId, ModelShard> shards_;
};

}  // namespace tokenbroker::storage
