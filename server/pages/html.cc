#include "server/pages/html.h"

#include "base/text.h"

namespace tokenbroker::pages {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

// U+202A to U+202E, U+2066 to U+2069, U+200E, U+200F, U+061C.
bool TurnsText(std::string_view character) {
  if (character == "\xD8\x9C") return true;
  if (character.size() != 3 || character[0] != '\xE2') return false;
  const auto second = static_cast<unsigned char>(character[1]);
  const auto third = static_cast<unsigned char>(character[2]);
  if (second == 0x80) return (third >= 0xAA && third <= 0xAE) || third == 0x8E || third == 0x8F;
  return second == 0x81 && third >= 0xA6 && third <= 0xA9;
}

bool IsAllowedControl(std::string_view character) {
  return character == "\n" || character == "\t" || character == "\r";
}

void AppendEscaped(std::string_view character, std::string& out) {
  switch (character[0]) {
    case '&':
      out += "&amp;";
      return;
    case '<':
      out += "&lt;";
      return;
    case '>':
      out += "&gt;";
      return;
    case '"':
      out += "&quot;";
      return;
    case '\'':
      out += "&#39;";
      return;
    default:
      break;
  }
  const bool hidden = (HasControlCharacters(character) && !IsAllowedControl(character)) || TurnsText(character);
  out += hidden ? kReplacement : character;
}

}  // namespace

std::string Escaped(std::string_view text) {
  std::string out;
  out.reserve(text.size() + text.size() / 8);
  while (!text.empty()) {
    const size_t size = FirstCharacterSize(text);
    if (size == 0) {
      out += kReplacement;
    } else {
      AppendEscaped(text.substr(0, size), out);
    }
    text.remove_prefix(size == 0 ? 1 : size);
  }
  return out;
}

std::string Shortened(std::string_view text, size_t max) {
  if (text.size() <= max) return std::string(text);
  return std::string(CutAtCharacter(text, max)) + "…";
}

}  // namespace tokenbroker::pages
