// How RocksDB is set up. Every setting that is not a default has its reason beside it.
#pragma once

#include <array>
#include <memory>

#include "rocksdb/cache.h"
#include "rocksdb/options.h"
#include "storage/rocksdb/rocksdb_store.h"

namespace tokenbroker::storage {

rocksdb::DBOptions DatabaseOptions(const RocksDbOptions& options);

rocksdb::ColumnFamilyOptions LogFamilyOptions(const RocksDbOptions& options, std::shared_ptr<rocksdb::Cache> cache);
// `filter` forgets entries below the floor; null keeps them.
rocksdb::ColumnFamilyOptions IndexFamilyOptions(std::shared_ptr<rocksdb::Cache> cache,
                                                std::shared_ptr<rocksdb::CompactionFilterFactory> filter);
rocksdb::ColumnFamilyOptions HeldFamilyOptions(std::shared_ptr<rocksdb::Cache> cache);
rocksdb::ColumnFamilyOptions OpenFamilyOptions(std::shared_ptr<rocksdb::Cache> cache);
rocksdb::ColumnFamilyOptions MetaFamilyOptions(std::shared_ptr<rocksdb::Cache> cache);

}  // namespace tokenbroker::storage
