// Base 62 in fixed-width groups: 8 bytes as 11 characters, 3 bytes as 5. One spelling per value.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace tokenbroker::token {

inline constexpr char kBase62[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

namespace base62_internal {
constexpr uint64_t kPairCount = 62 * 62;
// Two digits of each number below: half the divisions, which wait for each other.
inline constexpr auto kPairs = [] {
  std::array<char, 2 * kPairCount> pairs{};
  for (uint64_t i = 0; i < kPairCount; ++i) {
    pairs[2 * i] = kBase62[i / 62];
    pairs[2 * i + 1] = kBase62[i % 62];
  }
  return pairs;
}();

// A table, since digits come by chance: which comparison holds cannot be predicted.
inline constexpr auto kDigits = [] {
  std::array<int8_t, 256> digits{};
  digits.fill(-1);
  for (int8_t i = 0; i < 62; ++i) digits[static_cast<uint8_t>(kBase62[i])] = i;
  return digits;
}();
}  // namespace base62_internal

// `width` characters from `at` on.
inline void WriteBase62(uint64_t value, int width, char* at) {
  using base62_internal::kPairCount;
  at += width;
  for (; width >= 2; width -= 2, value /= kPairCount) {
    std::memcpy(at -= 2, &base62_internal::kPairs[2 * (value % kPairCount)], 2);
  }
  if (width == 1) *--at = kBase62[value % 62];
}

inline void AppendBase62(uint64_t value, int width, std::string& out) {
  out.resize(out.size() + width);
  WriteBase62(value, width, out.data() + out.size() - width);
}

// -1 for other characters.
inline int Base62Digit(char c) { return base62_internal::kDigits[static_cast<uint8_t>(c)]; }

// False for other characters and for values above `max`.
inline bool ParseBase62(std::string_view text, uint64_t max, uint64_t& value) {
  unsigned __int128 sum = 0;
  int all = 0;  // negative once there was something else
  for (char c : text) {
    const int digit = Base62Digit(c);
    all |= digit;
    sum = sum * 62 + static_cast<unsigned>(digit);
  }
  value = static_cast<uint64_t>(sum);
  return all >= 0 && sum <= max;
}

}  // namespace tokenbroker::token
