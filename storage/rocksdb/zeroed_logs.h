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
#include <string>

#include "rocksdb/file_system.h"

namespace tokenbroker::storage {

// How many zeros may be made for the next log.
constexpr uint64_t ZerosBytesMax(uint64_t log_bytes) { return log_bytes + log_bytes / 4; }

// For the logs of one folder, which become `log_bytes` long, about. Everything else goes to `base` as it is. While a
// log is open its length is that of its records: a backup that is taken meanwhile copies no more, and nothing that is
// being written.
std::shared_ptr<rocksdb::FileSystem> WithZeroedLogs(std::shared_ptr<rocksdb::FileSystem> base,
                                                    const std::string& folder, uint64_t log_bytes);

}  // namespace tokenbroker::storage
