// Lets RocksDB write its write-ahead logs over zeros.
//
// A sync of a file that has grown waits for its bytes and then for what the file system knows of it, its length and
// where it lies: one more wait for the disk at least. A sync of bytes that replace others waits for these alone. So
// while commits are small, 128 KiB of zeros are written ahead, and become durable with the next commit: one of many
// pays for all (docs/adr/0021).
//
// A log that was closed has the length of its records. One that was not, because the process died, ends with zeros:
// RocksDB reads no record there, and log_audit.h no tear.
#pragma once

#include <memory>

#include "rocksdb/file_system.h"

namespace tokenbroker::storage {

// Everything but the logs goes to `base` as it is.
std::shared_ptr<rocksdb::FileSystem> WithZeroedLogs(std::shared_ptr<rocksdb::FileSystem> base);

}  // namespace tokenbroker::storage
