#include "server/broker/index_key.h"

#include <sodium.h>

#include <cstring>

namespace tokenbroker::broker {

storage::IndexKey IndexHasher::Hash(char kind, std::string_view name_space, std::string_view text) const {
  // A namespace is at most 64 bytes, so kind and length make the text unambiguous.
  thread_local std::string buffer;
  buffer.assign(1, kind);
  buffer.push_back(static_cast<char>(name_space.size()));
  buffer.append(name_space).append(text);
  unsigned char hash[crypto_shorthash_siphashx24_BYTES];
  crypto_shorthash_siphashx24(hash, reinterpret_cast<const unsigned char*>(buffer.data()), buffer.size(),
                              reinterpret_cast<const unsigned char*>(key_.data()));
  storage::IndexKey key;
  std::memcpy(&key.hi, hash, 8);
  std::memcpy(&key.lo, hash + 8, 8);
  key.hi |= uint64_t{1} << 63;  // tells hashes from the sequence numbers of OutcomeIndexKey
  return key;
}

}  // namespace tokenbroker::broker
