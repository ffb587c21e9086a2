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
  // Reads the file; if there is none, makes one with a fresh key (mode 0600, synced). Refuses a file that others may
  // read.
  static absl::StatusOr<KeyRing> LoadOrCreate(const std::string& path);

  const TokenKey& newest() const { return keys_.back(); }
  // nullptr if there is none.
  const TokenKey* Find(uint8_t id) const;

 private:
  explicit KeyRing(std::vector<TokenKey> keys) : keys_(std::move(keys)) {}
  std::vector<TokenKey> keys_;
};

}  // namespace tokenbroker::broker
