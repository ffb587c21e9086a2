// The secrets behind tokens: a file apart from the store, so that a copy of the store is not a copy of the keys.
//
// The file is JSON, readable by its owner only:
//   {"keys": [{"id": 1, "secret": "<64 hexadecimal digits>", "created": "2026-11-21T00:00:00Z"}]}
// The key listed last seals new tokens; every listed key opens old ones. To rotate, append a key; to revoke all tokens
// of a key, remove it. Ids are 1 to 255 and never used twice.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace tokenbroker::broker {

struct TokenKey {
  uint8_t id = 0;
  std::array<uint8_t, 32> secret{};
};

// Immutable.
class KeyRing {
 public:
  // At least one key. INVALID_ARGUMENT: none, or an id twice.
  static absl::StatusOr<KeyRing> Create(std::vector<TokenKey> keys);
  // INVALID_ARGUMENT names what is wrong, never a secret.
  static absl::StatusOr<KeyRing> Parse(std::string_view json);
  // NOT_FOUND if there is no such file. Refuses one that others may read.
  static absl::StatusOr<KeyRing> Load(const std::string& path);
  // Makes the file with one fresh key, mode 0600, synced, in place of any that is there.
  static absl::StatusOr<KeyRing> Make(const std::string& path);

  const TokenKey& newest() const { return keys_.back(); }
  // nullptr if there is none.
  const TokenKey* Find(uint8_t id) const;

 private:
  explicit KeyRing(std::vector<TokenKey> keys) : keys_(std::move(keys)) {}
  std::vector<TokenKey> keys_;
};

}  // namespace tokenbroker::broker
