// The file `acknowledged`: what was on disk at least, kept apart from the database.
//
// A write-ahead log that lost its end looks like one that never had it. So after a write is synced, and before it is
// acknowledged, its number is noted here. The note is not synced (that would double the cost of every write): after a
// power cut it may be old, but it never says more than was on disk then. So what it names must be found at opening, or
// something was lost. The same is kept for the manifest, which RocksDB reads as trustingly.
//
//   256 slots for the shards' logs, 256 for the changes of their derived data, one for the manifest; each
//     8 bytes   the last acknowledged sequence number; the number of the last acknowledged checkpoint, hold or
//               drop; the manifest's number << 40 | its size
//     4 bytes   CRC-32C of the slot's number (2 bytes, little endian) and of the 8 bytes above
//     4 bytes   zero
//
// A slot that does not check says nothing. Thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "rocksdb/file_system.h"
#include "storage/token_store.h"

namespace tokenbroker::storage {

class Witness {
 public:
  // Reads what the file in `folder` says; nothing if there is none.
  static absl::StatusOr<std::unique_ptr<Witness>> Read(std::shared_ptr<rocksdb::FileSystem> fs,
                                                       const std::string& folder);

  // What it said when it was read.
  Sequence acknowledged(ShardId shard) const { return slots_[shard]; }
  uint64_t changes(ShardId shard) const { return slots_[kFirstChangeSlot + shard]; }
  uint64_t manifest_number() const { return slots_[kManifestSlot] >> kManifestShift; }
  uint64_t manifest_bytes() const { return slots_[kManifestSlot] & ((uint64_t{1} << kManifestShift) - 1); }

  // Makes the file if it is missing, empties it if `forget`, and gets ready for notes.
  absl::Status StartNotes(bool forget);
  // Notes are made as well as can be: one that fails leaves an older one, which is as true. Before StartNotes they are
  // ignored.
  void Acknowledge(ShardId shard, Sequence sequence);
  void NoteChange(ShardId shard, uint64_t number);
  void NoteManifest(uint64_t number, uint64_t bytes);

 private:
  static constexpr int kFirstChangeSlot = 256;
  static constexpr int kManifestSlot = 512;
  static constexpr int kSlots = 513;
  static constexpr int kManifestShift = 40;

  Witness(std::shared_ptr<rocksdb::FileSystem> fs, std::string path, std::string folder);
  absl::Status CreateFile();
  void WriteSlot(int slot, uint64_t value);

  std::shared_ptr<rocksdb::FileSystem> fs_;
  std::string path_;
  std::string folder_;
  std::array<uint64_t, kSlots> slots_{};
  std::unique_ptr<rocksdb::FSRandomRWFile> file_;
  std::mutex manifest_mutex_;
  uint64_t manifest_noted_ = 0;
};

}  // namespace tokenbroker::storage
