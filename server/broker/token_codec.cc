#include "server/broker/token_codec.h"

#include <endian.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <vector>

#include "server/broker/tag_search.h"
#include "token/base62.h"

namespace tokenbroker::broker {
namespace {

using token::ParseBase62;
using token::WriteBase62;

constexpr std::string_view kVersion = "T1";
constexpr int kTagSize = 16;
constexpr int kPlainSize = 10;
constexpr int kRawSize = 1 + kTagSize + kPlainSize;
constexpr uint64_t kMaxGroup = std::numeric_limits<uint64_t>::max();
constexpr uint64_t kMaxLastGroup = 0xffffff;

using Raw = std::array<uint8_t, kRawSize>;

uint64_t LoadBig(const uint8_t* bytes, int size) {
  if (size == 8) {
    uint64_t value;
    std::memcpy(&value, bytes, 8);
    return be64toh(value);
  }
  uint64_t value = 0;
  for (int i = 0; i < size; ++i) value = (value << 8) | bytes[i];
  return value;
}

void StoreBig(uint64_t value, int size, uint8_t* bytes) {
  if (size == 8) {
    value = htobe64(value);
    std::memcpy(bytes, &value, 8);
    return;
  }
  for (int i = size - 1; i >= 0; --i, value >>= 8) bytes[i] = static_cast<uint8_t>(value);
}

// Synthetic IV: tag = AES-CMAC(first half of the secret, associated || plain), sealed = AES-CTR(second half, IV = tag).
// This is the SIV construction over one message whose associated part has a fixed length; OpenSSL's own AES-SIV derives
// its subkeys anew at each call, which costs 2 us, and its CMAC and CTR look their parameters up by name, 0.5 us. So
// both modes are spelled out here over its block cipher: a token takes one block of each.
//
// What is longer, as an upstream token is, is handed to the cipher many blocks at once.
//
// One prepared set of contexts per thread, key and direction: setting the key is the dear part.
class Siv {
 public:
  void SetKey(const TokenKey& key) {
    mac_.SetKey(key.secret.data());
    chain_.SetKey(key.secret.data());
    mask_.SetKey(key.secret.data() + 16);
    const Block zero{};
    last_whole_ = Doubled(mac_.Encrypt(zero));
    last_padded_ = Doubled(last_whole_);
  }

  void Encrypt(std::string_view associated, const uint8_t* plain, size_t size, uint8_t* tag, uint8_t* sealed) {
    Authenticate(associated, plain, size, tag);
    Mask(tag, plain, size, sealed);
  }

  bool Decrypt(std::string_view associated, const uint8_t* sealed, size_t size, const uint8_t* tag, uint8_t* plain) {
    Mask(tag, sealed, size, plain);
    uint8_t right[kTagSize];
    Authenticate(associated, plain, size, right);
    return CRYPTO_memcmp(right, tag, kTagSize) == 0;
  }

 private:
  using Block = std::array<uint8_t, kTagSize>;

  // AES-128: each block by itself, or chained (CBC).
  class Aes {
   public:
    explicit Aes(const EVP_CIPHER* mode = EVP_aes_128_ecb()) : mode_(mode), context_(EVP_CIPHER_CTX_new()) {}
    ~Aes() { EVP_CIPHER_CTX_free(context_); }
    Aes(const Aes&) = delete;
    Aes& operator=(const Aes&) = delete;

    void SetKey(const uint8_t* key) {
      Must(EVP_EncryptInit_ex(context_, mode_, nullptr, key, nullptr));
      Must(EVP_CIPHER_CTX_set_padding(context_, 0));
    }
    Block Encrypt(const Block& in) {
      Block out;
      int length = 0;
      Must(EVP_EncryptUpdate(context_, out.data(), &length, in.data(), kTagSize));
      return out;
    }
    // Whole blocks, in place.
    void Encrypt(uint8_t* blocks, size_t size) {
      int length = 0;
      Must(EVP_EncryptUpdate(context_, blocks, &length, blocks, static_cast<int>(size)));
    }
    // Chaining begins anew, with zeros.
    void BeginChain() {
      const Block zero{};
      Must(EVP_EncryptInit_ex(context_, nullptr, nullptr, nullptr, zero.data()));
    }

   private:
    const EVP_CIPHER* const mode_;
    EVP_CIPHER_CTX* const context_;
  };

  // The library refuses only when it is out of memory or wrongly called.
  static void Must(int ok) {
    if (!ok) std::abort();
  }

  // Times x in the field of CMAC's subkeys (RFC 4493, 2.3).
  static Block Doubled(const Block& in) {
    Block out;
    for (int i = 0; i < kTagSize; ++i) {
      const int carry = i + 1 < kTagSize ? in[i + 1] >> 7 : 0;
      out[i] = static_cast<uint8_t>(in[i] << 1 | carry);
    }
    if (in[0] >> 7 != 0) out[kTagSize - 1] ^= 0x87;
    return out;
  }

  // CMAC (RFC 4493) of associated || plain.
  void Authenticate(std::string_view associated, const uint8_t* plain, size_t size, uint8_t* tag) {
    if (associated.size() + size > 2 * kTagSize) return AuthenticateLong(associated, plain, size, tag);
    Block state{};
    size_t filled = 0;
    const auto feed = [&](const uint8_t* bytes, size_t count) {
      for (size_t i = 0; i < count; ++i) {
        if (filled == kTagSize) {
          state = mac_.Encrypt(state);
          filled = 0;
        }
        state[filled++] ^= bytes[i];
      }
    };
    feed(reinterpret_cast<const uint8_t*>(associated.data()), associated.size());
    feed(plain, size);
    const Block& subkey = filled == kTagSize ? last_whole_ : last_padded_;
    if (filled != kTagSize) state[filled] ^= 0x80;
    for (int i = 0; i < kTagSize; ++i) state[i] ^= subkey[i];
    state = mac_.Encrypt(state);
    std::memcpy(tag, state.data(), kTagSize);
  }

  // The same, which is the last block of the chained message when the subkey was put into that.
  void AuthenticateLong(std::string_view associated, const uint8_t* plain, size_t size, uint8_t* tag) {
    std::vector<uint8_t> message(associated.begin(), associated.end());
    message.insert(message.end(), plain, plain + size);
    const bool whole = message.size() % kTagSize == 0;
    if (!whole) {
      message.push_back(0x80);
      message.resize((message.size() + kTagSize - 1) / kTagSize * kTagSize);
    }
    uint8_t* const last = message.data() + message.size() - kTagSize;
    const Block& subkey = whole ? last_whole_ : last_padded_;
    for (int i = 0; i < kTagSize; ++i) last[i] ^= subkey[i];
    chain_.BeginChain();
    chain_.Encrypt(message.data(), message.size());
    std::memcpy(tag, last, kTagSize);
  }

  // CTR, with the tag as its first counter.
  void Mask(const uint8_t* tag, const uint8_t* in, size_t size, uint8_t* out) {
    constexpr size_t kBlocksAtOnce = 16;
    Block counter;
    std::memcpy(counter.data(), tag, kTagSize);
    std::array<uint8_t, kBlocksAtOnce * kTagSize> stream;
    for (size_t at = 0; at < size; at += stream.size()) {
      const size_t count = std::min(size - at, stream.size());
      const size_t blocks = (count + kTagSize - 1) / kTagSize;
      for (size_t block = 0; block < blocks; ++block) {
        std::memcpy(&stream[block * kTagSize], counter.data(), kTagSize);
        for (int i = kTagSize - 1; i >= 0 && ++counter[i] == 0; --i) {
        }
      }
      mask_.Encrypt(stream.data(), blocks * kTagSize);
      for (size_t i = 0; i < count; ++i) out[at + i] = in[at + i] ^ stream[i];
    }
  }

  Aes mac_;
  Aes chain_{EVP_aes_128_cbc()};  // with the key of mac_
  Aes mask_;
  Block last_whole_{};
  Block last_padded_{};
};

// The thread's cipher for a key; prepared anew when the key or the ring changed.
Siv& CipherFor(const TokenKey& key, uint64_t generation, bool encrypt) {
  struct Slot {
    Siv siv;
    uint64_t generation = 0;
    uint8_t id = 0;
  };
  thread_local Slot slots[2];
  Slot& slot = slots[encrypt ? 1 : 0];
  if (slot.generation != generation || slot.id != key.id) {
    slot.siv.SetKey(key);
    slot.generation = generation;
    slot.id = key.id;
  }
  return slot.siv;
}

// Codecs must not share prepared ciphers, so generations are unique in the process.
uint64_t NextGeneration() {
  static std::atomic<uint64_t> next{1};
  return next.fetch_add(1);
}

std::string TokenAssociated(uint8_t key_id) {
  std::string data(kVersion);
  data.push_back(static_cast<char>(key_id));
  return data;
}

std::string UpstreamAssociated(uint8_t key_id, storage::Sequence task) {
  std::string data("U1");
  data.push_back(static_cast<char>(key_id));
  data.resize(11);
  StoreBig(task, 8, reinterpret_cast<uint8_t*>(data.data()) + 3);
  return data;
}

void Spell(const Raw& raw, std::string& token) {
  token.resize(kTokenLength);
  char* at = std::copy(kVersion.begin(), kVersion.end(), token.data());
  for (int i = 0; i < 24; i += 8, at += 11) WriteBase62(LoadBig(&raw[i], 8), 11, at);
  WriteBase62(LoadBig(&raw[24], 3), 5, at);
}

bool Unspell(std::string_view token, Raw& raw) {
  uint64_t value = 0;
  for (int i = 0; i < 3; ++i) {
    if (!ParseBase62(token.substr(2 + 11 * i, 11), kMaxGroup, value)) return false;
    StoreBig(value, 8, &raw[8 * i]);
  }
  if (!ParseBase62(token.substr(35, 5), kMaxLastGroup, value)) return false;
  StoreBig(value, 3, &raw[24]);
  return true;
}

void SealPlain(const TokenKey& key, uint64_t generation, const uint8_t* plain, std::string& token) {
  Raw raw;
  raw[0] = key.id;
  CipherFor(key, generation, true).Encrypt(TokenAssociated(key.id), plain, kPlainSize, &raw[1], &raw[1 + kTagSize]);
  Spell(raw, token);
}

// The content of a token of this broker, from its bytes in the clear. False for one of another purpose.
bool Read(const uint8_t* plain, TokenContent& content) {
  content = {plain[0], LoadBig(plain + 1, 8), plain[9]};
  return content.purpose == 0;
}

}  // namespace

TokenCodec::TokenCodec(KeyRing keys)
    : keys_(std::make_shared<const KeyRing>(std::move(keys))), generation_(NextGeneration()) {}

TokenCodec::~TokenCodec() = default;

// A thread keeps the ring that it used last: loading it takes a lock, for each token.
TokenCodec::Keys TokenCodec::keys() const {
  thread_local struct {
    std::shared_ptr<const KeyRing> ring;
    uint64_t generation = 0;
  } last;
  if (const uint64_t now = generation_.load(); last.generation != now) {
    last.ring = std::atomic_load(&keys_);
    last.generation = now;
  }
  return {*last.ring, last.generation};
}

void TokenCodec::Replace(KeyRing keys) {
  std::atomic_store(&keys_, std::make_shared<const KeyRing>(std::move(keys)));
  generation_.store(NextGeneration());
}

std::string TokenCodec::Seal(const TokenContent& content) const {
  std::string token;
  Seal(content, token);
  return token;
}

void TokenCodec::Seal(const TokenContent& content, std::string& token) const {
  const auto [ring, generation] = keys();
  const TokenKey& key = ring.newest();
  uint8_t plain[kPlainSize];
  plain[0] = content.shard;
  StoreBig(content.task, 8, plain + 1);
  plain[9] = content.purpose;
  SealPlain(key, generation, plain, token);
}

bool TokenCodec::Open(std::string_view token, TokenContent& content) const {
  Raw raw;
  if (!token::LooksFull(token) || !Unspell(token, raw)) return false;
  const auto [ring, generation] = keys();
  const TokenKey* key = ring.Find(raw[0]);
  if (key == nullptr) return false;
  uint8_t plain[kPlainSize];
  Siv& siv = CipherFor(*key, generation, false);
  if (!siv.Decrypt(TokenAssociated(key->id), &raw[1 + kTagSize], kPlainSize, &raw[1], plain)) return false;
  return Read(plain, content);
}

bool TokenCodec::OpenLimited(std::string_view token, TokenContent& content, token::Limits& limits) const {
  token::LimitedToken parts;
  if (!token::Split(token, parts)) return false;
  uint8_t shown[1 + kShownTagSize];
  uint64_t value = 0;
  for (int i = 0; i < 2; ++i) {
    if (!ParseBase62(parts.locator.substr(11 * i, 11), kMaxGroup, value)) return false;
    StoreBig(value, 8, shown + 8 * i);
  }
  const auto [ring, generation] = keys();
  const TokenKey* key = ring.Find(shown[0]);
  TokenPlain plain;
  if (key == nullptr || !FindPlain(*key, TokenAssociated(key->id), shown + 1, plain)) return false;
  std::string full;
  SealPlain(*key, generation, plain.data(), full);
  const std::string mac = token::MacOf(full, parts.caveats);
  if (CRYPTO_memcmp(mac.data(), parts.mac.data(), mac.size()) != 0) return false;
  limits = token::Limits(parts.caveats);
  return Read(plain.data(), content);
}

std::string TokenCodec::SealUpstream(storage::Sequence task, std::string_view upstream) const {
  const auto [ring, generation] = keys();
  const TokenKey& key = ring.newest();
  std::string sealed(1 + kTagSize + upstream.size(), '\0');
  auto* bytes = reinterpret_cast<uint8_t*>(sealed.data());
  bytes[0] = key.id;
  CipherFor(key, generation, true)
      .Encrypt(UpstreamAssociated(key.id, task), reinterpret_cast<const uint8_t*>(upstream.data()), upstream.size(),
               bytes + 1, bytes + 1 + kTagSize);
  return sealed;
}

absl::StatusOr<std::string> TokenCodec::OpenUpstream(storage::Sequence task, std::string_view sealed) const {
  if (sealed.size() < 1 + kTagSize) return absl::DataLossError("a sealed upstream token is too short");
  const auto* bytes = reinterpret_cast<const uint8_t*>(sealed.data());
  const auto [ring, generation] = keys();
  const TokenKey* key = ring.Find(bytes[0]);
  if (key == nullptr) return absl::NotFoundError("the key that sealed an upstream token was removed");
  std::string plain(sealed.size() - 1 - kTagSize, '\0');
  const bool ok = CipherFor(*key, generation, false)
                      .Decrypt(UpstreamAssociated(key->id, task), bytes + 1 + kTagSize, plain.size(), bytes + 1,
                               reinterpret_cast<uint8_t*>(plain.data()));
  if (!ok) return absl::DataLossError("a sealed upstream token is damaged");
  return plain;
}

}  // namespace tokenbroker::broker
