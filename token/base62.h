// Base 62 in fixed-width groups: 8 bytes as 11 characters, 3 bytes as 5. One spelling per value.
#pragma once

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

inline int Base62Digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'Z') return c - 'A' + 10;
  if (c >= 'a' && c <= 'z') return c - 'a' + 36;
  return -1;
}

// False for other characters and for values above `max`.
inline bool ParseBase62(std::string_view text, uint64_t max, uint64_t& value) {
  unsigned __int128 sum = 0;
  for (char c : text) {
    const int digit = Base62Digit(c);
    if (digit < 0) return false;
    sum = sum * 62 + static_cast<unsigned>(digit);
  }
  value = static_cast<uint64_t>(sum);
  return sum <= max;
}

}  // namespace tokenbroker::token
