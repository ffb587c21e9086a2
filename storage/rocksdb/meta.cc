#include "storage/rocksdb/meta.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "storage/rocksdb/sealed.h"
#include "storage/rocksdb/status.h"
#include "storage/wire.h"

namespace tokenbroker::storage {
namespace {

std::string Sealed(const Key& key, std::string value) {
  Seal(key.view(), value);
  return value;
}

absl::Status Malformed(absl::string_view what) { return absl::DataLossError(absl::StrCat(what, " does not add up")); }

}  // namespace

absl::StatusOr<std::string> GetMeta(const Database& db, const rocksdb::ReadOptions& read, const Key& key,
                                    absl::string_view what) {
  std::string value;
  const rocksdb::Status status = db->Get(read, db.meta(), key, &value);
  if (status.IsNotFound()) return std::string();
  TB_RETURN_IF_ERROR(FromRocks(status, absl::StrCat("reading ", what)));
  TB_ASSIGN_OR_RETURN(const std::string_view body, Unseal(key.view(), value, what));
  return std::string(body);
}

std::string EncodeFormat(const Key& key) {
  std::string value;
  AppendLittle32(value, kFormatVersion);
  return Sealed(key, std::move(value));
}

std::string EncodeIdentity(const Key& key, const StoreIdentity& identity) {
  std::string value = {static_cast<char>(identity.epoch), static_cast<char>(identity.epoch >> 8)};
  return Sealed(key, value + identity.hash_key);
}

std::string EncodeNumber(const Key& key, uint64_t number) {
  std::string value;
  AppendLittle64(value, number);
  return Sealed(key, std::move(value));
}

std::string EncodeHead(const Key& key, const Checkpoint& checkpoint) {
  std::string value;
  AppendLittle64(value, checkpoint.covers);
  AppendLittle64(value, static_cast<uint64_t>(checkpoint.time));
  return Sealed(key, value + checkpoint.state);
}

absl::StatusOr<StoreIdentity> DecodeIdentity(std::string_view value) {
  if (value.size() != 2 + kHashKeySize) return Malformed("the store's identity");
  StoreIdentity identity;
  identity.epoch = static_cast<uint16_t>(static_cast<uint8_t>(value[0]) | static_cast<uint8_t>(value[1]) << 8);
  identity.hash_key = std::string(value.substr(2));
  if (identity.epoch > kMaxEpoch) return Malformed("the store's identity");
  return identity;
}

absl::StatusOr<uint64_t> DecodeNumber(std::string_view value, absl::string_view what) {
  if (value.size() != 8) return Malformed(what);
  return GetLittle64(value.data());
}

absl::StatusOr<TokenStore::LoadedCheckpoint> DecodeHead(std::string_view value) {
  WireReader reader(value);
  TokenStore::LoadedCheckpoint head;
  head.covers = reader.Little64();
  head.time = static_cast<TimeMs>(reader.Little64());
  head.state = std::string(reader.rest());
  if (!reader.ok()) return Malformed("the head of a checkpoint");
  return head;
}

absl::Status CheckFormat(std::string_view value, const std::string& folder) {
  if (value.size() != 4) return Malformed("the format version");
  const uint32_t version = GetLittle32(value.data());
  if (version == kFormatVersion) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat("the data folder ", folder, " has storage format ", version,
                                                    ", this version of the broker reads format ", kFormatVersion,
                                                    ": use the version that wrote it, or a newer one"));
}

}  // namespace tokenbroker::storage
