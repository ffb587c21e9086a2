#include "server/broker/token_codec.h"

#include <gtest/gtest.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <memory>
#include <set>
#include <thread>

#include "tests/testing/broker_harness.h"
#include "token/base62.h"

namespace tokenbroker::broker {
namespace {

using token::kBase62;
using token::ParseBase62;

std::string Cmac(const uint8_t* key, std::string_view text) {
  const std::unique_ptr<EVP_MAC, decltype(&EVP_MAC_free)> mac(EVP_MAC_fetch(nullptr, "CMAC", nullptr), EVP_MAC_free);
  const std::unique_ptr<EVP_MAC_CTX, decltype(&EVP_MAC_CTX_free)> context(EVP_MAC_CTX_new(mac.get()), EVP_MAC_CTX_free);
  char cipher[] = "AES-128-CBC";
  const OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string("cipher", cipher, 0), OSSL_PARAM_construct_end()};
  std::string out(16, '\0');
  size_t size = 0;
  EXPECT_TRUE(EVP_MAC_init(context.get(), key, 16, parameters));
  EXPECT_TRUE(EVP_MAC_update(context.get(), reinterpret_cast<const uint8_t*>(text.data()), text.size()));
  EXPECT_TRUE(EVP_MAC_final(context.get(), reinterpret_cast<uint8_t*>(out.data()), &size, out.size()));
  return out;
}

std::string Ctr(const uint8_t* key, std::string_view counter, std::string_view text) {
  const std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)> context(EVP_CIPHER_CTX_new(),
                                                                                EVP_CIPHER_CTX_free);
  std::string out(text.size(), '\0');
  int size = 0;
  EXPECT_TRUE(EVP_EncryptInit_ex(context.get(), EVP_aes_128_ctr(), nullptr, key,
                                 reinterpret_cast<const uint8_t*>(counter.data())));
  EXPECT_TRUE(EVP_EncryptUpdate(context.get(), reinterpret_cast<uint8_t*>(out.data()), &size,
                                reinterpret_cast<const uint8_t*>(text.data()), static_cast<int>(text.size())));
  return out;
}

class TokenCodecTest : public testing::Test {
 protected:
  bool Opens(std::string_view token) {
    TokenContent content;
    return codec_.Open(token, content);
  }

  TokenCodec codec_{TestKeys()};
};

TEST_F(TokenCodecTest, ATokenOpensToWhatWasSealed) {
  for (Sequence task :
       {Sequence{1}, Sequence{0xffff'ffff}, storage::MakeSequence(3, 9), Sequence{INT64_MAX}, Sequence{UINT64_MAX}}) {
    for (int shard : {0, 1, 255}) {
      TokenContent content;
      ASSERT_TRUE(codec_.Open(codec_.Seal({static_cast<storage::ShardId>(shard), task, 0}), content));
      EXPECT_EQ(content.shard, shard);
      EXPECT_EQ(content.task, task);
    }
  }
}

TEST_F(TokenCodecTest, ATokenIsFortyLettersAndDigitsAndAlwaysTheSame) {
  for (Sequence task = 1; task < 2000; ++task) {
    const std::string token = codec_.Seal({0, task, 0});
    ASSERT_EQ(token.size(), kTokenLength);
    ASSERT_EQ(token.find_first_not_of(kBase62), std::string::npos) << token;
    ASSERT_EQ(token, codec_.Seal({0, task, 0}));
    ASSERT_TRUE(TokenCodec::LooksLikeOurs(token));
  }
}

// The token was made with the openssl command: CMAC over "T1", key id and content, then CTR with the tag as its
// counter, in base 62.
TEST_F(TokenCodecTest, ATokenIsWhatOpenSslsOwnModesMake) {
  TokenKey key;
  key.id = 7;
  for (size_t i = 0; i < key.secret.size(); ++i) key.secret[i] = static_cast<uint8_t>(i);
  const TokenCodec codec(*KeyRing::Create({key}));
  EXPECT_EQ(codec.Seal({0, 0x0001'0203'0405'0607, 0}), "T10d2IuezqcLnGeBgnz7Em26Az1yCBnb4Dq0I2Qh");
}

TEST_F(TokenCodecTest, NeighboursLookNothingAlike) {
  std::set<std::string> beginnings;
  for (Sequence task = 1; task <= 1000; ++task) beginnings.insert(codec_.Seal({0, task, 0}).substr(4, 8));
  EXPECT_EQ(beginnings.size(), 1000u);
}

TEST_F(TokenCodecTest, NoSingleCharacterCanBeChanged) {
  for (Sequence task = 1; task <= 40; ++task) {
    const std::string token = codec_.Seal({0, task * 7919, 0});
    for (size_t at = 0; at < token.size(); ++at) {
      for (int c = 0; c < 256; ++c) {
        std::string mutated = token;
        mutated[at] = static_cast<char>(c);
        ASSERT_TRUE(mutated == token || !Opens(mutated)) << "character " << at << " became " << c;
      }
    }
  }
}

TEST_F(TokenCodecTest, NoTwoCharactersCanBeSwappedAndNothingCutOrAdded) {
  const std::string token = codec_.Seal({0, 12'345, 0});
  for (size_t size = 0; size < token.size(); ++size) EXPECT_FALSE(Opens(token.substr(0, size)));
  for (char c : {'0', 'z', ' ', '\n', '\0'}) {
    EXPECT_FALSE(Opens(token + c));
    EXPECT_FALSE(Opens(c + token));
  }
  for (size_t at = 0; at + 1 < token.size(); ++at) {
    std::string mutated = token;
    std::swap(mutated[at], mutated[at + 1]);
    EXPECT_TRUE(mutated == token || !Opens(mutated));
  }
}

// Eleven base 62 digits hold more than 64 bits: the same bytes must not have a second spelling.
TEST_F(TokenCodecTest, ATokenHasOneSpelling) {
  uint64_t value = 0;
  EXPECT_TRUE(ParseBase62("LygHa16AHYF", UINT64_MAX, value));
  EXPECT_EQ(value, UINT64_MAX);
  EXPECT_FALSE(ParseBase62("LygHa16AHYG", UINT64_MAX, value));
  EXPECT_FALSE(ParseBase62("zzzzzzzzzzz", UINT64_MAX, value));
  EXPECT_FALSE(ParseBase62("018OwH", 0xffffff, value) && value > 0xffffff);
}

TEST_F(TokenCodecTest, ATokenOfAnotherKeyRingIsRefused) {
  const TokenCodec other{TestKeys(2)};
  TokenKey same_id{1};
  same_id.secret.fill(9);
  const TokenCodec impostor{*KeyRing::Create({same_id})};
  EXPECT_FALSE(Opens(other.Seal({0, 1, 0})));
  EXPECT_FALSE(Opens(impostor.Seal({0, 1, 0}))) << "the key id is the same, the secret is not";
}

TEST_F(TokenCodecTest, ATokenOfAnotherPurposeIsRefused) {
  for (int purpose = 1; purpose < 256; ++purpose)
    EXPECT_FALSE(Opens(codec_.Seal({0, 1, static_cast<uint8_t>(purpose)})));
}

TEST_F(TokenCodecTest, RotationKeepsOldTokensUntilTheirKeyIsRemoved) {
  const std::string old = codec_.Seal({0, 1, 0});
  const TokenKey first = TestKeys(1).newest();
  const TokenKey second = TestKeys(2).newest();
  codec_.Replace(*KeyRing::Create({first, second}));
  EXPECT_TRUE(Opens(old));
  EXPECT_NE(codec_.Seal({0, 1, 0}), old);
  EXPECT_TRUE(Opens(codec_.Seal({0, 1, 0})));
  codec_.Replace(*KeyRing::Create({second}));
  EXPECT_FALSE(Opens(old));
  codec_.Replace(*KeyRing::Create({second, first}));
  EXPECT_TRUE(Opens(old));
}

TEST_F(TokenCodecTest, TwoCodecsOnOneThreadDoNotMixTheirKeys) {
  TokenKey key{1};
  key.secret.fill(7);
  const TokenCodec other{*KeyRing::Create({key})};
  for (Sequence task = 1; task < 100; ++task) {
    TokenContent content;
    const std::string ours = codec_.Seal({0, task, 0});
    const std::string theirs = other.Seal({0, task, 0});
    EXPECT_TRUE(codec_.Open(ours, content) && other.Open(theirs, content));
    EXPECT_FALSE(codec_.Open(theirs, content) || other.Open(ours, content));
  }
}

TEST_F(TokenCodecTest, KeysCanBeReplacedWhileTokensAreChecked) {
  const KeyRing both = *KeyRing::Create({TestKeys(1).newest(), TestKeys(2).newest()});
  const KeyRing reversed = *KeyRing::Create({TestKeys(2).newest(), TestKeys(1).newest()});
  codec_.Replace(both);
  const std::string old = codec_.Seal({0, 1, 0});
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&] {
      for (int n = 0; n < 3000; ++n) ASSERT_TRUE(Opens(old) && Opens(codec_.Seal({0, 2, 0})));
    });
  }
  for (int n = 0; n < 500; ++n) codec_.Replace(n % 2 == 0 ? reversed : both);
  for (std::thread& reader : readers) reader.join();
}

TEST_F(TokenCodecTest, AnUpstreamTokenIsSealedToItsTask) {
  const std::string upstream(2048, 'u');
  const std::string sealed = codec_.SealUpstream(7, upstream);
  EXPECT_EQ(*codec_.OpenUpstream(7, sealed), upstream);
  EXPECT_TRUE(absl::IsDataLoss(codec_.OpenUpstream(8, sealed).status()));
  EXPECT_NE(codec_.SealUpstream(8, upstream).substr(1), sealed.substr(1));
}

// CMAC over "U1", key id, task and token, then CTR with that as its counter: by OpenSSL's own modes, for tokens that
// end on, before and behind a block, or fill many.
TEST_F(TokenCodecTest, ASealIsWhatOpenSslsOwnModesMake) {
  TokenKey key;
  key.id = 7;
  for (size_t i = 0; i < key.secret.size(); ++i) key.secret[i] = static_cast<uint8_t>(i);
  const TokenCodec codec(*KeyRing::Create({key}));
  for (const size_t size : {0, 1, 4, 5, 6, 20, 21, 22, 36, 37, 38, 245, 255, 256, 257, 700, 2048}) {
    const std::string upstream = std::string(size, 'u') + (size > 9 ? "end" : "");
    const std::string associated = std::string("U1\x07\x00\x01\x02\x03\x04\x05\x06\x07", 11);
    const std::string tag = Cmac(key.secret.data(), associated + upstream);
    const std::string sealed = codec.SealUpstream(0x0001'0203'0405'0607, upstream);
    EXPECT_EQ(sealed, "\x07" + tag + Ctr(key.secret.data() + 16, tag, upstream)) << size;
    EXPECT_EQ(codec.OpenUpstream(0x0001'0203'0405'0607, sealed).value_or("?"), upstream) << size;
  }
}

TEST_F(TokenCodecTest, ADamagedSealIsDataLossAndALostKeyNotFound) {
  const std::string sealed = codec_.SealUpstream(7, "upstream");
  for (size_t at = 1; at < sealed.size(); ++at) {
    std::string damaged = sealed;
    damaged[at] ^= 1;
    EXPECT_TRUE(absl::IsDataLoss(codec_.OpenUpstream(7, damaged).status())) << at;
    EXPECT_FALSE(codec_.OpenUpstream(7, sealed.substr(0, at)).ok());
  }
  EXPECT_TRUE(absl::IsDataLoss(codec_.OpenUpstream(7, "").status()));
  codec_.Replace(TestKeys(2));
  EXPECT_TRUE(absl::IsNotFound(codec_.OpenUpstream(7, sealed).status()));
}

}  // namespace
}  // namespace tokenbroker::broker
