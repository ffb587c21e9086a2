#include "server/broker/tag_search.h"

#include <openssl/evp.h>

#include <cstdlib>
#include <cstring>
#include <memory>

namespace tokenbroker::broker {
namespace {

constexpr size_t kBlock = 16;
constexpr size_t kAssociatedSize = 3;
constexpr size_t kMessageSize = kAssociatedSize + std::tuple_size_v<TokenPlain>;

using Block = std::array<uint8_t, kBlock>;

// The library refuses only when it is out of memory or wrongly called.
void Must(int ok) {
  if (!ok) std::abort();
}

// AES-128, block by block, with the half of the secret that makes tags.
void Aes(const TokenKey& key, bool encrypt, uint8_t* bytes, size_t size) {
  static EVP_CIPHER* const algorithm = EVP_CIPHER_fetch(nullptr, "AES-128-ECB", nullptr);  // looking it up is dear
  const std::unique_ptr<EVP_CIPHER_CTX, void (*)(EVP_CIPHER_CTX*)> cipher(EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free);
  int length = 0;
  Must(EVP_CipherInit_ex2(cipher.get(), algorithm, key.secret.data(), nullptr, encrypt ? 1 : 0, nullptr));
  Must(EVP_CIPHER_CTX_set_padding(cipher.get(), 0));
  Must(EVP_CipherUpdate(cipher.get(), bytes, &length, bytes, static_cast<int>(size)));
}

// Twice the value in the field of RFC 4493.
Block Doubled(const Block& in) {
  Block out;
  for (size_t i = 0; i < kBlock; ++i) out[i] = static_cast<uint8_t>(in[i] << 1 | (i + 1 < kBlock ? in[i + 1] >> 7 : 0));
  if (in[0] & 0x80) out[kBlock - 1] ^= 0x87;
  return out;
}

// K2 of RFC 4493, with the padding of a 13-byte message.
Block Whitening(const TokenKey& key) {
  Block block{};
  Aes(key, true, block.data(), kBlock);
  block = Doubled(Doubled(block));
  block[kMessageSize] ^= 0x80;
  return block;
}

}  // namespace

bool FindPlain(const TokenKey& key, std::string_view associated, const uint8_t* shown, TokenPlain& plain) {
  static_assert(kShownTagSize + 1 == kBlock);
  if (associated.size() != kAssociatedSize) return false;
  std::array<uint8_t, 256 * kBlock> tags;
  for (size_t last = 0; last < 256; ++last) {
    std::memcpy(&tags[last * kBlock], shown, kShownTagSize);
    tags[last * kBlock + kShownTagSize] = static_cast<uint8_t>(last);
  }
  Aes(key, false, tags.data(), tags.size());
  const Block whitening = Whitening(key);
  for (size_t at = 0; at < tags.size(); at += kBlock) {
    for (size_t i = 0; i < kBlock; ++i) tags[at + i] ^= whitening[i];
    const uint8_t* const message = &tags[at];
    if (std::memcmp(message, associated.data(), kAssociatedSize) != 0) continue;
    if (message[13] != 0 || message[14] != 0 || message[15] != 0) continue;
    std::memcpy(plain.data(), message + kAssociatedSize, plain.size());
    return true;
  }
  return false;
}

}  // namespace tokenbroker::broker
