// The 128-bit hashes under which the index finds tasks: SipHash-2-4, keyed by the store, so that nobody outside can
// make two names collide. Two names that collide by chance (once in 2^63 or so) would hide the older one.
#pragma once

#include <string>
#include <string_view>

#include "storage/token_store.h"

namespace tokenbroker::broker {

class IndexHasher {
 public:
  // `hash_key` is StoreIdentity::hash_key.
  explicit IndexHasher(std::string hash_key) : key_(std::move(hash_key)) {}

  storage::IndexKey CorrelationKey(std::string_view name_space, std::string_view key) const {
    return Hash('k', name_space, key);
  }
  storage::IndexKey RequestId(std::string_view name_space, std::string_view id) const {
    return Hash('r', name_space, id);
  }
  storage::IndexKey UpstreamToken(std::string_view token) const { return Hash('u', {}, token); }

 private:
  storage::IndexKey Hash(char kind, std::string_view name_space, std::string_view text) const;

  std::string key_;
};

}  // namespace tokenbroker::broker
