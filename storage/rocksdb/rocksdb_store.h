// The TokenStore for one machine: RocksDB, embedded. One process at a time per data folder.
//
//   RocksDbOptions options;
//   options.path = "/var/lib/tokenbroker";
//   TB_ASSIGN_OR_RETURN(std::unique_ptr<TokenStore> store, OpenRocksDbStore(options));
//
// Restoring backups: storage/rocksdb/restore.h. Bytes on disk: docs/storage-format.md.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "storage/token_store.h"

namespace rocksdb {
class FileSystem;
}

namespace tokenbroker::storage {

struct RocksDbOptions {
  // The data folder. Made (mode 0700) if it is missing and its parent is there.
  std::string path;
  // Looks without changing anything, not even a lock; every write is refused.
  bool read_only = false;
  // Whether an acknowledged write waits for the disk. Without it a power cut loses what the kernel had not written yet.
  bool sync_writes = true;
  // Opens although acknowledged records at the end of the log are gone, and begins a new epoch so that none of their
  // numbers is used again. For an operator who has no backup and knows what it means.
  bool accept_lost_tail = false;
  // Blocks of the index, of its filters and of the log.
  uint64_t block_cache_bytes = uint64_t{64} << 20;
  // The log's part in memory that is not in sorted files yet; four of these at most.
  uint64_t write_buffer_bytes = uint64_t{64} << 20;
  // More rows than this, of the index or of the open set, a checkpoint does not write through the write-ahead log, but
  // hands over as a sorted file.
  uint64_t batch_rows = 1024;
  // The disk, for tests that let it fail; null for the real one.
  std::shared_ptr<rocksdb::FileSystem> file_system;
};

// FAILED_PRECONDITION if another process has the folder open, if it was written by a newer version, or holds half a
// restore; DATA_LOSS if it is damaged: the text says what is damaged, or which acknowledged records are missing.
absl::StatusOr<std::unique_ptr<TokenStore>> OpenRocksDbStore(const RocksDbOptions& options);

}  // namespace tokenbroker::storage
