// Lets the index forget, while it is being merged anyway, what points into dropped log.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string_view>

#include "rocksdb/compaction_filter.h"
#include "storage/token_store.h"

namespace tokenbroker::storage {

// Each shard's floor. Grows only.
using Floors = std::array<std::atomic<Sequence>, 256>;

// An index row's value: the sequence number, 8 bytes big endian, whose highest bit (never set in a number) says that
// the task is held: such a row stays although it points below the floor.
inline constexpr uint64_t kHeldFlag = uint64_t{1} << 63;

std::shared_ptr<rocksdb::CompactionFilterFactory> MakeIndexFilter(std::shared_ptr<const Floors> floors);

}  // namespace tokenbroker::storage
