// The value of a held copy: varint number of index keys, 16 bytes each (hi, lo; little endian), the entry's bytes;
// sealed.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "storage/rocksdb/keys.h"
#include "storage/token_store.h"

namespace tokenbroker::storage {

struct HeldRow {
  std::vector<IndexKey> index_keys;
  // A view into the value.
  std::string_view bytes;
};

std::string EncodeHeld(const Key& key, const HeldCopy& copy);
absl::StatusOr<HeldRow> DecodeHeld(const Key& key, std::string_view value);

}  // namespace tokenbroker::storage
