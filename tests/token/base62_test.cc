#include "token/base62.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <string>

namespace tokenbroker::token {
namespace {

constexpr uint64_t kMax = std::numeric_limits<uint64_t>::max();

TEST(Base62Test, EveryOtherByteIsNoDigit) {
  for (int byte = 0; byte < 256; ++byte) {
    const char c = static_cast<char>(byte);
    const size_t place = std::string(kBase62).find(c);
    EXPECT_EQ(Base62Digit(c), place == std::string::npos ? -1 : static_cast<int>(place)) << byte;
  }
}

TEST(Base62Test, WhatIsSpelledIsRead) {
  for (const uint64_t written : {uint64_t{0}, uint64_t{61}, uint64_t{62}, uint64_t{1} << 63, kMax}) {
    std::string text;
    AppendBase62(written, 11, text);
    uint64_t read = 1;
    EXPECT_TRUE(ParseBase62(text, kMax, read));
    EXPECT_EQ(read, written);
  }
}

TEST(Base62Test, ValuesAboveTheLargestAreRefused) {
  uint64_t value = 0;
  EXPECT_TRUE(ParseBase62("LygHa16AHYF", kMax, value));
  EXPECT_FALSE(ParseBase62("LygHa16AHYG", kMax, value));
  EXPECT_FALSE(ParseBase62("zzzzzzzzzzz", kMax, value));
  EXPECT_FALSE(ParseBase62("11", 62, value));
}

TEST(Base62Test, OneOtherCharacterIsEnough) {
  const std::string digits = "00000000000";
  for (size_t i = 0; i < digits.size(); ++i) {
    for (const char c : {'-', '/', ':', '@', '[', '`', '{', '\0', '\xff'}) {
      std::string text = digits;
      text[i] = c;
      uint64_t value = 0;
      EXPECT_FALSE(ParseBase62(text, kMax, value)) << text;
    }
  }
}

}  // namespace
}  // namespace tokenbroker::token
