#include "base/text.h"

#include <simdjson.h>

namespace tokenbroker {

bool IsValidUtf8(std::string_view text) { return simdjson::validate_utf8(text.data(), text.size()); }

bool HasControlCharacters(std::string_view text) {
  unsigned char previous = 0;
  for (const unsigned char c : text) {
    if (c < 0x20 || c == 0x7F) return true;
    if (previous == 0xC2 && c >= 0x80 && c <= 0x9F) return true;
    previous = c;
  }
  return false;
}

}  // namespace tokenbroker
