// The tasks that wait, in memory: 24 bytes each, in blocks of 64 neighbouring sequence numbers.
//
// A block is one bitmap and one array of just the tasks that still wait, so memory follows the number of waiting tasks
// and growing never moves more than a block. The block is also the unit of the checkpoint: Pack gives its bytes, Load
// takes them back.
//
// Not thread-safe. Pointers from Find and Insert hold until the next Insert or Erase.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/btree_set.h"
#include "absl/container/flat_hash_map.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "base/clock.h"
#include "storage/token_store.h"

namespace tokenbroker::broker {

using storage::Sequence;

// What must be known of a waiting task without touching the disk.
struct OpenTask {
  uint64_t deadline : 45;        // ms since the epoch, good until the year 3084
  uint64_t name_space : 19;      // index into the table of namespaces
  uint64_t last_heartbeat : 45;  // ms since the epoch: when the running heartbeat interval began
  uint64_t attempt : 16;
  uint64_t cancel_requested : 1;
  uint64_t has_contract : 1;
  uint64_t has_beaten : 1;          // false: last_heartbeat is the time of issue or of the restart
  uint64_t heartbeat_timeout : 35;  // ms; 0: none. 366 days fit
  uint64_t deadline_moved : 1;      // it is not the one of the issue entry any more
  uint64_t armed : 28;              // when its timer goes off, in units of 2^16 ms; 0: it has none

  TimeMs HeartbeatDue() const {
    return heartbeat_timeout == 0 ? INT64_MAX : static_cast<TimeMs>(last_heartbeat + heartbeat_timeout);
  }
  TimeMs Due() const { return std::min(static_cast<TimeMs>(deadline), HeartbeatDue()); }
  // As records of the log say it: 0 while it is the one of the issue entry.
  TimeMs MovedDeadline() const { return deadline_moved ? static_cast<TimeMs>(deadline) : 0; }
};
static_assert(sizeof(OpenTask) == 24);

class OpenSet {
 public:
  OpenSet() = default;
  ~OpenSet();
  OpenSet(const OpenSet&) = delete;
  OpenSet& operator=(const OpenSet&) = delete;

  OpenTask* Find(Sequence task);
  const OpenTask* Find(Sequence task) const { return const_cast<OpenSet*>(this)->Find(task); }

  // Begins to load into the cache what Find will need.
  void Prefetch(Sequence task) const { blocks_.prefetch(task >> 6); }

  // Adds the task, or replaces it.
  OpenTask* Insert(Sequence task, const OpenTask& open);

  // False if it was not there.
  bool Erase(Sequence task);

  // To be called after changing a task in place, if the change must be in the next checkpoint.
  void MarkDirty(Sequence task) { MarkBlockDirty(task >> 6); }
  // The block goes into the next checkpoint, even if no task of it waits any more.
  void MarkBlockDirty(uint64_t number);

  // Visits tasks from `from` on in ascending order until `visit` returns false.
  void VisitFrom(Sequence from, absl::FunctionRef<bool(Sequence, OpenTask&)> visit);

  size_t size() const { return size_; }
  // The smallest sequence number, 0 if empty.
  Sequence oldest() const;

  // --- Checkpoint ---

  // The numbers of the blocks that changed since the last call; forgets them.
  std::vector<uint64_t> TakeDirtyBlocks();
  // The block as it is now; empty bytes if no task of it waits.
  storage::OpenBlock Pack(uint64_t block) const;
  // DATA_LOSS if the bytes are not those of a block.
  absl::Status Load(uint64_t block, std::string_view bytes);

 private:
  struct Block {
    uint64_t present = 0;  // bit i: task 64 * number + i waits
    OpenTask* tasks = nullptr;
    uint8_t capacity = 0;
    bool dirty = false;
  };

  Block& BlockFor(uint64_t number);
  static int Rank(uint64_t present, int bit);
  static void Reserve(Block& block, int count, int capacity);
  void Touch(uint64_t number, Block& block);

  // The blocks by number, and the numbers in order: looking up must be quick, walking in order must be possible.
  absl::flat_hash_map<uint64_t, Block> blocks_;
  absl::btree_set<uint64_t> numbers_;
  std::vector<uint64_t> dirty_;
  size_t size_ = 0;
};

}  // namespace tokenbroker::broker
