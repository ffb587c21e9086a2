#include "base/text.h"

#include <simdjson.h>

#include <algorithm>

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

size_t FirstCharacterSize(std::string_view text) {
  if (text.empty()) return 0;
  const unsigned char lead = text[0];
  if (lead < 0x80) return 1;
  const size_t size = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  return size <= text.size() && IsValidUtf8(text.substr(0, size)) ? size : 0;
}

std::string_view CutAtCharacter(std::string_view text, size_t max) {
  if (text.size() <= max) return text;
  // A character has at most three bytes behind its first.
  for (size_t back = 0; back <= std::min<size_t>(max, 3); ++back) {
    const bool begins = (static_cast<unsigned char>(text[max - back]) & 0xC0) != 0x80;
    if (begins) return text.substr(0, max - back);
  }
  return text.substr(0, max);
}

}  // namespace tokenbroker
