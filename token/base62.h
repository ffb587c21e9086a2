// Base 62 in fixed-width groups: 8 bytes as 11 characters, 3 bytes as 5. One spelling per value.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace tokenbroker::token {

inline constexpr char kBase62[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

inline void AppendBase62(uint64_t value, int width, std::string& out) {
  const size_t start = out.size();
  out.resize(start + width);
  for (int i = width - 1; i >= 0; --i, value /= 62) out[start + i] = kBase62[value % 62];
}

namespace base62_internal {
// A table, since digits come by chance: which comparison holds cannot be predicted.
inline constexpr auto kDigits = [] {
  std::array<int8_t, 256> digits{};
  digits.fill(-1);
  for (int8_t i = 0; i < 62; ++i) digits[static_cast<uint8_t>(kBase62[i])] = i;
  return digits;
}();
}  // namespace base62_internal

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
