// The values of the family for everything that is one of a kind. All are sealed.
//
//   format     4 bytes, little endian
//   identity   2 bytes epoch, little endian; 16 bytes hash key
//   floor      8 bytes, little endian
//   change     8 bytes, little endian
//   head       8 bytes covers, 8 bytes time, little endian; the owner's state up to the end
//   mark       8 bytes time, little endian
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "storage/rocksdb/database.h"
#include "storage/rocksdb/keys.h"
#include "storage/token_store.h"

namespace tokenbroker::storage {

// The version of all that docs/storage-format.md describes.
inline constexpr uint32_t kFormatVersion = 1;
inline constexpr size_t kHashKeySize = 16;
inline constexpr uint16_t kMaxEpoch = 0x7fff;

// The unsealed value, or empty if there is none.
absl::StatusOr<std::string> GetMeta(const Database& db, const rocksdb::ReadOptions& read, const Key& key,
                                    absl::string_view what);

std::string EncodeFormat(const Key& key);
std::string EncodeIdentity(const Key& key, const StoreIdentity& identity);
std::string EncodeNumber(const Key& key, uint64_t number);
std::string EncodeHead(const Key& key, const Checkpoint& checkpoint);

absl::StatusOr<StoreIdentity> DecodeIdentity(std::string_view value);
absl::StatusOr<uint64_t> DecodeNumber(std::string_view value, absl::string_view what);
absl::StatusOr<TokenStore::LoadedCheckpoint> DecodeHead(std::string_view value);

// OK if this version reads what says `value`.
absl::Status CheckFormat(std::string_view value, const std::string& folder);

}  // namespace tokenbroker::storage
