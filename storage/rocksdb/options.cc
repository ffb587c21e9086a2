#include "storage/rocksdb/options.h"

#include <cstdarg>
#include <utility>

#include "rocksdb/env.h"
#include "rocksdb/filter_policy.h"
#include "rocksdb/table.h"

namespace tokenbroker::storage {
namespace {

constexpr uint64_t kMiB = uint64_t{1} << 20;

// Values of this size live outside the sorted files: merging those then moves keys alone.
constexpr uint64_t kBlobBytes = 4 << 10;

rocksdb::BlockBasedTableOptions TableOptions(std::shared_ptr<rocksdb::Cache> cache) {
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = std::move(cache);        // one budget for all families
  table.block_size = 16 << 10;                 // fewer index entries in memory; reads are of whole pages anyway
  table.format_version = 5;                    // faster filters
  table.checksum = rocksdb::kXXH3;             // Debian's build computes CRC-32C in software
  table.cache_index_and_filter_blocks = true;  // index and filters count against the cache's budget, too
  table.pin_l0_filter_and_index_blocks_in_cache = true;  // the newest files are asked most
  return table;
}

rocksdb::ColumnFamilyOptions FamilyOptions(const rocksdb::BlockBasedTableOptions& table, uint64_t write_buffer) {
  rocksdb::ColumnFamilyOptions family;
  family.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  family.write_buffer_size = write_buffer;
  family.compression = rocksdb::kNoCompression;  // processor time is dearer than disk here: two cores serve everything
  family.force_consistency_checks = true;        // refuses files that overlap where they must not
  return family;
}

// For values that can be large: deleted ones are collected file by file.
void SeparateLargeValues(rocksdb::ColumnFamilyOptions& family) {
  family.enable_blob_files = true;
  family.min_blob_size = kBlobBytes;
  family.blob_file_size = 64 * kMiB;                 // the unit in which dropped log gives its space back
  family.enable_blob_garbage_collection = true;      // for files of which a part must stay
  family.blob_garbage_collection_age_cutoff = 0.25;  // old files only: young ones are still whole
}

// For families whose files come in ready-made: however many there are, the log must not wait.
void NeverStopWriters(rocksdb::ColumnFamilyOptions& family) {
  family.level0_slowdown_writes_trigger = 1 << 30;
  family.level0_stop_writes_trigger = 1 << 30;
}

class NoDiary : public rocksdb::Logger {
 public:
  using rocksdb::Logger::Logv;
  void Logv(const char*, va_list) override {}
};

}  // namespace

rocksdb::DBOptions DatabaseOptions(const RocksDbOptions& options) {
  rocksdb::DBOptions db;
  db.create_if_missing = !options.read_only;
  db.create_missing_column_families = !options.read_only;
  db.paranoid_checks = true;  // damage found in passing stops the database
  // A power cut may tear the last write anywhere, also in its middle; the stricter modes refuse to open after that.
  // What this mode lets pass (it ends the log at the first damage, wherever that is) log_audit.h and witness.h catch.
  db.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  db.track_and_verify_wals_in_manifest = true;   // a finished write-ahead log that is missing or short is noticed
  db.wal_compression = rocksdb::kNoCompression;  // its recovery loses data in this version of RocksDB (fixed in 7.10.2)
  db.recycle_log_file_num = 0;                   // recycled logs and the recovery mode above do not go together
  db.avoid_flush_during_recovery = false;  // so that the logs read at opening are done with: log_audit.h relies on it
  db.max_total_wal_size = 4 * options.write_buffer_bytes;  // the rarely written families must not keep old logs alive
  db.allow_concurrent_memtable_write = false;              // one committer writes: the cheaper single-writer path
  db.max_background_jobs = 2;                              // one flush, one compaction: two cores serve everything
  db.max_open_files = -1;                 // every file is looked at when opening: a missing one is noticed then
  db.bytes_per_sync = kMiB / 4;           // sorted files reach the disk evenly, not in one gulp before their sync,
  db.strict_bytes_per_sync = true;        //   nor faster than it takes them: commits wait for the same disk
  db.max_manifest_file_size = 16 * kMiB;  // it is read at every start
  db.keep_log_file_num = 4;               // RocksDB's own diary: four files
  db.max_log_file_size = 4 * kMiB;        //   of 4 MiB
  db.info_log_level = rocksdb::InfoLogLevel::WARN_LEVEL;             // with trouble only
  if (options.read_only) db.info_log = std::make_shared<NoDiary>();  // which would be a change of the folder
  db.db_host_id = "";                                                // the machine's name has no place in data files
  db.stats_dump_period_sec = 0;                                      //   and without statistics
  db.stats_persist_period_sec = 0;
  return db;
}

rocksdb::ColumnFamilyOptions LogFamilyOptions(const RocksDbOptions& options, std::shared_ptr<rocksdb::Cache> cache) {
  rocksdb::ColumnFamilyOptions family = FamilyOptions(TableOptions(std::move(cache)), options.write_buffer_bytes);
  SeparateLargeValues(family);
  family.max_write_buffer_number = 4;  // flushing may fall behind a burst by three buffers before writers wait
  family.level0_file_num_compaction_trigger = 8;  // the files are small (keys), merging them early buys nothing
  family.target_file_size_base =
      2 * kMiB;  // 2 MiB of keys stand for 600 MiB of pages: files small enough to drop whole
  family.level0_slowdown_writes_trigger = 40;
  family.level0_stop_writes_trigger = 80;
  return family;
}

rocksdb::ColumnFamilyOptions IndexFamilyOptions(std::shared_ptr<rocksdb::Cache> cache,
                                                std::shared_ptr<rocksdb::CompactionFilterFactory> filter) {
  rocksdb::BlockBasedTableOptions table = TableOptions(std::move(cache));
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));  // most questions are about keys that are not there
  table.index_type = rocksdb::BlockBasedTableOptions::kTwoLevelIndexSearch;
  table.partition_filters = true;  // hundreds of millions of keys: filters are cached in parts
  table.data_block_index_type = rocksdb::BlockBasedTableOptions::kDataBlockBinaryAndHash;  // point reads only
  rocksdb::ColumnFamilyOptions family = FamilyOptions(table, 8 * kMiB);
  family.optimize_filters_for_hits = false;  // the last level needs its filter, too: misses are the common case
  family.compaction_filter_factory = std::move(filter);
  family.periodic_compaction_seconds = 7 * 24 * 3600;  // entries below the floor leave quiet files, too
  NeverStopWriters(family);
  return family;
}

rocksdb::ColumnFamilyOptions HeldFamilyOptions(std::shared_ptr<rocksdb::Cache> cache) {
  rocksdb::ColumnFamilyOptions family = FamilyOptions(TableOptions(std::move(cache)), 8 * kMiB);
  SeparateLargeValues(family);  // a held copy carries its task's input
  return family;
}

rocksdb::ColumnFamilyOptions OpenFamilyOptions(std::shared_ptr<rocksdb::Cache> cache) {
  rocksdb::ColumnFamilyOptions family = FamilyOptions(TableOptions(std::move(cache)), 8 * kMiB);
  NeverStopWriters(family);
  return family;
}

rocksdb::ColumnFamilyOptions MetaFamilyOptions(std::shared_ptr<rocksdb::Cache> cache) {
  return FamilyOptions(TableOptions(std::move(cache)), 4 * kMiB);
}

}  // namespace tokenbroker::storage
