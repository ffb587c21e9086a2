// A value that carries the CRC-32C of its key and of itself, so that neither a flipped bit nor a value under another's
// key passes for the truth.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "storage/crc32c.h"
#include "storage/wire.h"

namespace tokenbroker::storage {

// What it adds to the value's size.
inline constexpr size_t kSealSize = 4;

// Turns `value` into a sealed one.
inline void Seal(std::string_view key, std::string& value) { AppendLittle32(value, ExtendCrc32c(Crc32c(key), value)); }

// The value as it was before it was sealed; DATA_LOSS naming `what` if it is not that.
inline absl::StatusOr<std::string_view> Unseal(std::string_view key, std::string_view sealed, absl::string_view what) {
  if (sealed.size() < kSealSize) return absl::DataLossError(absl::StrCat(what, " is cut off"));
  const std::string_view value = sealed.substr(0, sealed.size() - kSealSize);
  if (GetLittle32(sealed.data() + value.size()) != ExtendCrc32c(Crc32c(key), value)) {
    return absl::DataLossError(absl::StrCat(what, " has a wrong checksum"));
  }
  return value;
}

}  // namespace tokenbroker::storage
