// Lets RocksDB write its write-ahead logs over zeros.
//
// A sync of a file that has grown waits for its bytes and then for what the file system knows of it, its length and
// where it lies: one more wait for the disk at least. A sync of bytes that replace others waits for these alone.
//
// Where much is written, each log is made of zeros while the one before it is filled (spare_log.h), and written past
// the kernel's cache (direct_log.h). In any other, while commits are small, 128 KiB of zeros are written ahead, and
// become durable with the next commit: one of many pays for all. docs/adr/0021 and 0032.
//
// A log that was closed has the length of its records. One that was not, because the process died, ends with zeros:
// RocksDB reads no record there, and log_audit.h no tear.
#pragma once

#include <cstdint>
#include <memory>

#include "rocksdb/file_system.h"

namespace tokenbroker::storage {

// For one folder, whose logs become `log_bytes` long, about. Everything but them goes to `base` as it is.
std::shared_ptr<rocksdb::FileSystem> WithZeroedLogs(std::shared_ptr<rocksdb::FileSystem> base, uint64_t log_bytes);

}  // namespace tokenbroker::storage
