// What a broker wrote before it died is on disk although nobody was told: the calls behind it took effect.
#pragma once

#include <vector>

#include "storage/token_store.h"
#include "tests/simulation/model.h"

namespace tokenbroker::broker {

// Tells the model of what stands in the log behind `seen`. Each change must be the doing of one of the `lost` calls,
// which may be repeated nevertheless: its caller does not know.
void RecallLog(const storage::TokenStore& store, storage::Sequence seen, const std::vector<Wish>& lost, Model& model);

}  // namespace tokenbroker::broker
