#include "storage/rocksdb/held.h"

#include "base/status_macros.h"
#include "storage/rocksdb/sealed.h"
#include "storage/wire.h"

namespace tokenbroker::storage {

std::string EncodeHeld(const Key& key, const HeldCopy& copy) {
  std::string value;
  AppendVarint(value, copy.index_keys.size());
  for (const IndexKey& index_key : copy.index_keys) {
    AppendLittle64(value, index_key.hi);
    AppendLittle64(value, index_key.lo);
  }
  value += copy.bytes;
  Seal(key.view(), value);
  return value;
}

absl::StatusOr<HeldRow> DecodeHeld(const Key& key, std::string_view value) {
  const std::string what =
      absl::StrCat("held record ", GetBig64(key.view().data() + 2), " of shard ", static_cast<uint8_t>(key.view()[0]));
  TB_ASSIGN_OR_RETURN(const std::string_view body, Unseal(key.view(), value, what));
  HeldRow held;
  WireReader reader(body);
  for (uint64_t count = reader.Varint(); count > 0 && reader.ok(); --count) {
    const uint64_t hi = reader.Little64();
    held.index_keys.push_back({hi, reader.Little64()});
  }
  if (!reader.ok()) return absl::DataLossError(absl::StrCat(what, " does not add up"));
  held.bytes = reader.rest();
  return held;
}

}  // namespace tokenbroker::storage
