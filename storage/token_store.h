// Where a shard's truth is kept: one log, and three things derived from it.
//
//   log         every change of every task, in order, under ascending sequence numbers. A change is on disk, synced,
//               when Append returns OK. A task's id is the sequence number of the entry that issued it.
//   index       finds a sequence number by a 128-bit hash (correlation key, request id, upstream token) and a resolved
//               task's outcome by the task's sequence number. Derived: lost entries come back by replaying the log.
//   open set    the tasks that still wait and the outcomes that are owed, packed in blocks. Derived, too; it makes a
//               restart cheap.
//   held        copies of records that outlive their stretch of log: of the issue of tasks that wait, and of their
//               latest progress.
//
// Index and open set are written by checkpoints. A checkpoint "covers" the log up to a sequence number: whoever loads
// it must replay the log behind that number to be up to date. Replaying more than that is harmless.
//
// The layout on disk is in docs/storage-format.md.
//
// Thread safety: one thread at a time may call Append for a shard; another one may call SaveCheckpoint, Hold and
// DropBefore for it; all other methods may be called from any thread at any time.
//
// Errors: NOT_FOUND means that it is not there. DATA_LOSS means that it was there and is damaged; the text names what.
// Anything else is trouble of the machine (disk full, I/O error). After Append failed the store takes no more writes:
// what is on disk is known only after reopening, so the process must stop acknowledging and start anew.
#pragma once

#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "base/clock.h"

namespace tokenbroker::storage {

// The virtual shard, 0 to 255. Part of every key and every token, fixed for ever.
using ShardId = uint8_t;

// A place in a shard's log: 16 bits of epoch (the highest always 0), then 48 bits of counter. Restoring a backup starts
// a new epoch, so a number is never used for two things. Never 0.
using Sequence = uint64_t;

inline constexpr int kSequenceEpochShift = 48;
inline constexpr Sequence MakeSequence(uint16_t epoch, uint64_t counter) {
  return (static_cast<Sequence>(epoch) << kSequenceEpochShift) | counter;
}
inline constexpr uint16_t EpochOf(Sequence sequence) { return static_cast<uint16_t>(sequence >> kSequenceEpochShift); }

struct LogRecord {
  Sequence sequence = 0;
  // See log_entry.h. Not owned.
  std::string_view bytes;
};

// Either a hash (highest bit of `hi` set) or, with `lo` 0, the sequence number of a resolved task, or that of an
// outcome whose delivery is settled.
struct IndexKey {
  uint64_t hi = 0;
  uint64_t lo = 0;

  friend bool operator==(const IndexKey& a, const IndexKey& b) { return a.hi == b.hi && a.lo == b.lo; }
  friend bool operator<(const IndexKey& a, const IndexKey& b) { return a.hi != b.hi ? a.hi < b.hi : a.lo < b.lo; }
  template <typename H>
  friend H AbslHashValue(H state, const IndexKey& key) {
    return H::combine(std::move(state), key.hi, key.lo);
  }
};

inline IndexKey OutcomeIndexKey(Sequence task) { return {task, 0}; }
// Leads to the latest record of the outcome's delivery.
inline IndexKey DeliveryIndexKey(Sequence outcome) { return {outcome, 0}; }

struct IndexEntry {
  IndexKey key;
  Sequence sequence = 0;
};

// What of 64 neighbouring sequence numbers must be known at a restart, packed by the owner; empty when nothing must.
// The owner gives the numbers: the waiting tasks with sequence numbers [64 * number, 64 * number + 64) are one block,
// the outcomes there that are owed to a target are another (see server/broker/outbox.h).
struct OpenBlock {
  uint64_t number = 0;
  std::string bytes;
};

// A held record that is of no use any more: its copy may go once `ended_at`, the record that ended its use, falls below
// the floor.
struct Release {
  Sequence ended_at = 0;
  Sequence record = 0;
};

struct Checkpoint {
  // Every change up to here is in the index, in the blocks and in the state.
  Sequence covers = 0;
  // The broker's time when it was taken.
  TimeMs time = 0;
  // Sorted by key; later checkpoints override earlier ones, entry by entry.
  std::vector<IndexEntry> index;
  // Sorted by number, each once.
  std::vector<OpenBlock> blocks;
  std::vector<Release> releases;
  // Whatever else the owner wants back: the broker's tables of namespaces, targets and lanes, what is parked, and more.
  std::string state;
};

// A copy of a record, made before its stretch of log goes.
struct HeldCopy {
  Sequence record = 0;
  std::string bytes;
  // The keys under which the index must still find the record.
  std::vector<IndexKey> index_keys;
};

// Says which log position was reached when.
struct Mark {
  Sequence sequence = 0;
  TimeMs time = 0;
};

// What was found at opening.
struct StoreIdentity {
  // Grows with each restore from a backup.
  uint16_t epoch = 0;
  // Random, made with the store: keys the hashes of IndexKey. Not a secret of callers, but not to be published.
  std::string hash_key;  // 16 bytes
};

class TokenStore {
 public:
  virtual ~TokenStore() = default;

  virtual const StoreIdentity& identity() const = 0;

  // --- The log ---

  // Adds records, all or none, and syncs. Sequence numbers must grow, within and across calls.
  virtual absl::Status Append(ShardId shard, absl::Span<const LogRecord> records) = 0;

  // The record's bytes, from the log or from the held copies.
  virtual absl::StatusOr<std::string> Read(ShardId shard, Sequence sequence) const = 0;

  // Visits the log from `from` on, in order, until `visit` returns false or the end is reached. Sees everything
  // appended before the call. Held copies are not visited.
  virtual absl::Status Scan(ShardId shard, Sequence from, absl::FunctionRef<bool(const LogRecord&)> visit) const = 0;

  // 0 for an empty log.
  virtual absl::StatusOr<Sequence> LastSequence(ShardId shard) const = 0;

  // The first sequence number still in the log or, for an empty log, one behind the last dropped; 0 if nothing was ever
  // dropped.
  virtual absl::StatusOr<Sequence> Floor(ShardId shard) const = 0;

  // --- Derived ---

  // What the index said at the last checkpoint: 0 if there is nothing. May point below the floor.
  virtual absl::StatusOr<Sequence> Find(ShardId shard, const IndexKey& key) const = 0;

  // The same for many keys, cheaper: found[i] is of keys[i]. Both are of one size. All or an error.
  virtual absl::Status FindAll(ShardId shard, absl::Span<const IndexKey> keys, absl::Span<Sequence> found) const = 0;

  // Reads into memory what makes looking up unknown keys quick; until then such look-ups read the disk. Takes seconds
  // for tens of millions of entries, in which everything else works. To be called once, by a thread that has time; ends
  // early if asked to.
  virtual absl::Status WarmUp(std::stop_token stop) = 0;

  // Writes a checkpoint. After a crash in the middle the previous one counts, though index entries and blocks of this
  // one may stand beside it: replay from where the previous one ends makes that good.
  virtual absl::Status SaveCheckpoint(ShardId shard, const Checkpoint& checkpoint) = 0;

  struct LoadedCheckpoint {
    Sequence covers = 0;
    TimeMs time = 0;
    std::string state;
  };
  // The last checkpoint, its blocks handed to `block` in ascending order; all zero if there is none.
  virtual absl::StatusOr<LoadedCheckpoint> LoadCheckpoint(
      ShardId shard, absl::FunctionRef<void(uint64_t number, std::string_view bytes)> block) const = 0;

  // One mark a checkpoint, oldest first; dropped with the log they point into.
  virtual absl::StatusOr<std::vector<Mark>> Marks(ShardId shard) const = 0;

  // --- Retention ---

  virtual absl::Status Hold(ShardId shard, absl::Span<const HeldCopy> copies) = 0;

  // Visits the records of which there are held copies, from `from` on, in ascending order, until `visit` returns false
  // or the end is reached. The log may still have them as well.
  virtual absl::Status ScanHeld(ShardId shard, Sequence from, absl::FunctionRef<bool(Sequence record)> visit) const = 0;

  // Forgets the log below `floor`, whole files at a time, the index entries that point there, and the held copies
  // released there. Costs nothing per dropped record.
  virtual absl::Status DropBefore(ShardId shard, Sequence floor) = 0;

  // --- Care ---

  // A consistent copy in the new folder `path`: everything appended before the call. UNIMPLEMENTED where there are no
  // files.
  virtual absl::Status Backup(const std::string& path) = 0;

  // Reads everything and checks every checksum.
  virtual absl::Status Verify() const = 0;

  // For metrics: bytes on disk, or in memory.
  virtual uint64_t SizeBytes() const = 0;

  // The room on the disk that what was appended already may still take, about: it is written to its final place before
  // its first one is given back. 0 where there are no files.
  virtual uint64_t PendingBytes() const = 0;
};

}  // namespace tokenbroker::storage
