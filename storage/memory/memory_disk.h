// What a MemoryStore leaves behind: the "disk" of tests and of the simulation. It outlives the store, so that a crash
// is to destroy the store and to open another one on the same disk.
//
// Deterministic: no clock and no randomness of its own. Thread-safe, except that the fault hook must be set before
// stores use the disk, and is called with the disk locked (it must not call back).
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "storage/token_store.h"

namespace tokenbroker::storage {

// The writes that can fail one by one. A checkpoint is three of them, for a real disk may keep no more of one: the
// index first, then the blocks, and then, all or nothing, releases, mark and head.
enum class MemoryWrite { kAppend, kCheckpointIndex, kCheckpointBlocks, kCheckpointHead, kHold, kDrop };

// What becomes of a write. A failed one may be on the disk all the same: nobody knows before the next opening.
enum class MemoryFate { kSucceeds, kFailsAndIsLost, kFailsAndIsKept };

class MemoryDisk {
 public:
  // `number` counts the writes to this disk from 0.
  using FaultHook = std::function<MemoryFate(MemoryWrite write, ShardId shard, uint64_t number)>;

  explicit MemoryDisk(std::string hash_key = "0123456789abcdef") { identity_.hash_key = std::move(hash_key); }

  void SetFaultHook(FaultHook hook);
  uint64_t writes() const;

  // From now on every store that is open on this disk refuses everything, as a killed process would. Stores opened
  // later work.
  void Crash();

  // What restoring a backup does: the next store to be opened mints numbers of a new epoch.
  void BeginNewEpoch();

 private:
  friend class MemoryStore;

  struct Held {
    std::string bytes;
    std::vector<IndexKey> index_keys;
  };

  struct Indexed {
    Sequence sequence = 0;
    bool held = false;
  };

  struct Shard {
    std::map<Sequence, std::string> log;
    Sequence last_ever = 0;
    Sequence floor = 0;
    std::map<IndexKey, Indexed> index;
    std::map<uint64_t, std::string> blocks;
    std::map<Sequence, Held> held;
    std::multimap<Sequence, Sequence> releases;  // ended_at -> record
    std::map<Sequence, TimeMs> marks;
    TokenStore::LoadedCheckpoint head;
  };

  // The parts of a write, as the store asks for them.
  static void PutIndex(Shard& to, const std::vector<IndexEntry>& entries);
  static void PutBlocks(Shard& to, const std::vector<OpenBlock>& blocks);
  static void PutHead(Shard& to, const Checkpoint& checkpoint);
  static void PutHeld(Shard& to, const HeldCopy& copy);
  static void Release(Shard& to, Sequence record);
  static void Drop(Shard& to, Sequence floor);

  // With mutex_ held.
  MemoryFate NextFate(MemoryWrite write, ShardId shard);

  mutable std::mutex mutex_;
  FaultHook hook_;
  uint64_t writes_ = 0;
  uint64_t generation_ = 0;
  StoreIdentity identity_;
  std::array<Shard, 256> shards_;
};

}  // namespace tokenbroker::storage
