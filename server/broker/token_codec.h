// Makes and checks task tokens.
//
// A token is 40 characters of [0-9A-Za-z]: "T1" (format version 1), then 27 bytes in base 62, as three groups of 8
// bytes (11 characters each) and one of 3 bytes (5 characters), each group a big-endian number:
//
//   key id       1 byte     which key sealed it
//   tag         16 bytes    synthetic IV: nobody without the key can make one
//   sealed      10 bytes    shard (1), task's sequence number (8, big endian), purpose bits (1)
//
// The tag is the AES-CMAC of "T1", key id and content, and at the same time the IV under which AES-CTR hides the
// content (the SIV construction of RFC 5297, for one message of fixed layout). It is deterministic: the broker stores
// no token, it makes the same one again when a request id is repeated; and it needs no nonce that could be used twice
// after a restore.
//
// Who holds a token can make limited ones from it, without the broker: token/limited_token.h. docs/token-format.md has
// all forms, byte by byte.
//
// A token says nothing to who lacks the key, not even how many there are. Checking costs about 0.2 us and touches no
// storage.
//
// Thread-safe.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "server/broker/key_ring.h"
#include "storage/token_store.h"
#include "token/limited_token.h"
#include "token/limits.h"

namespace tokenbroker::broker {

inline constexpr size_t kTokenLength = token::kFullLength;

struct TokenContent {
  storage::ShardId shard = 0;
  storage::Sequence task = 0;
  // What the token is good for. 0: everything. Other values are refused by this version.
  uint8_t purpose = 0;
};

class TokenCodec {
 public:
  explicit TokenCodec(KeyRing keys);
  ~TokenCodec();

  std::string Seal(const TokenContent& content) const;
  // Into `token`, whose memory is used again.
  void Seal(const TokenContent& content, std::string& token) const;

  // False for whatever is not a token of one of our keys.
  bool Open(std::string_view token, TokenContent& content) const;

  // The same for a limited token; `limits` views into it. About 6 us, and 2 for one that is forged.
  bool OpenLimited(std::string_view token, TokenContent& content, token::Limits& limits) const;

  // Whether the text has the form of our tokens, full or limited, forged or not: such a text is never looked up as an
  // upstream token.
  static bool LooksLikeOurs(std::string_view text) { return token::LooksFull(text) || token::LooksLimited(text); }

  // Swaps the keys, for rotation while serving.
  void Replace(KeyRing keys);

  // Seals an upstream token for storage, bound to its task; and back. NOT_FOUND if the key is gone.
  std::string SealUpstream(storage::Sequence task, std::string_view upstream) const;
  absl::StatusOr<std::string> OpenUpstream(storage::Sequence task, std::string_view sealed) const;

 private:
  struct Keys {
    const KeyRing& ring;  // until this thread asks again
    uint64_t generation;
  };
  Keys keys() const;

  std::shared_ptr<const KeyRing> keys_;  // atomic_load / atomic_store
  std::atomic<uint64_t> generation_{1};
};

}  // namespace tokenbroker::broker
