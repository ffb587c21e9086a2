// The index entries of a checkpoint in the order of their keys.
#pragma once

#include <vector>

#include "server/broker/index_delta.h"
#include "storage/token_store.h"

namespace tokenbroker::broker {

// Entries that share the leading half of their key by the thousand take longer, not wrong.
std::vector<storage::IndexEntry> SortedByKey(const IndexDelta::Entries& parts);

}  // namespace tokenbroker::broker
