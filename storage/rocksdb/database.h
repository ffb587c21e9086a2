// RocksDB, opened with our families and closed in the right order.
#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "rocksdb/db.h"
#include "rocksdb/env.h"
#include "rocksdb/file_system.h"
#include "storage/rocksdb/index_filter.h"
#include "storage/rocksdb/options.h"
#include "storage/rocksdb/rocksdb_store.h"
#include "storage/rocksdb/witness.h"

namespace tokenbroker::storage {

class Database {
 public:
  // `floors` and `witness` are shared with RocksDB's background threads.
  static absl::StatusOr<std::unique_ptr<Database>> Open(const RocksDbOptions& options,
                                                        std::shared_ptr<const Floors> floors,
                                                        std::shared_ptr<Witness> witness);
  ~Database();

  rocksdb::DB* operator->() const { return db_.get(); }
  rocksdb::DB& db() const { return *db_; }

  rocksdb::ColumnFamilyHandle* meta() const { return handles_[0]; }
  rocksdb::ColumnFamilyHandle* log() const { return handles_[1]; }
  rocksdb::ColumnFamilyHandle* index() const { return handles_[2]; }
  rocksdb::ColumnFamilyHandle* held() const { return handles_[3]; }
  rocksdb::ColumnFamilyHandle* open() const { return handles_[4]; }
  const std::vector<rocksdb::ColumnFamilyHandle*>& families() const { return handles_; }

 private:
  Database() = default;

  std::unique_ptr<rocksdb::Env> env_;  // outlives the database
  std::unique_ptr<rocksdb::DB> db_;
  std::vector<rocksdb::ColumnFamilyHandle*> handles_;
};

// The disk that `options` ask for; with logs that are written over zeros, if anybody waits for their syncs.
std::unique_ptr<rocksdb::Env> EnvFor(const RocksDbOptions& options);

// Tells the witness how far the manifest got.
void NoteManifest(rocksdb::DB& db, Witness& witness);

}  // namespace tokenbroker::storage
