// RocksDB's verdicts in our words.
#pragma once

#include <string_view>

#include "absl/status/status.h"
#include "rocksdb/status.h"

namespace tokenbroker::storage {

// `doing` is what failed, as in "reading the index of shard 7". Corruption becomes DATA_LOSS.
absl::Status FromRocks(const rocksdb::Status& status, std::string_view doing);

}  // namespace tokenbroker::storage
