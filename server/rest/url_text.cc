#include "server/rest/url_text.h"

#include "base/text.h"

namespace tokenbroker::rest {
namespace {

// -1 if it is no hexadecimal digit.
int Digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

bool Decode(std::string_view encoded, bool plus_is_blank, std::string& out) {
  const char* const special = plus_is_blank ? "%+" : "%";
  if (encoded.find_first_of(special) == std::string_view::npos) {
    out = encoded;
    return IsValidUtf8(out);
  }
  out.clear();
  out.reserve(encoded.size());
  for (size_t at = 0; at < encoded.size(); ++at) {
    const char c = encoded[at];
    if (c != '%') {
      out.push_back(c == '+' && plus_is_blank ? ' ' : c);
      continue;
    }
    if (at + 2 >= encoded.size()) return false;
    const int high = Digit(encoded[at + 1]);
    const int low = Digit(encoded[at + 2]);
    if (high < 0 || low < 0) return false;
    out.push_back(static_cast<char>(high << 4 | low));
    at += 2;
  }
  return IsValidUtf8(out);
}

bool IsUnreserved(char c) {
  const char lower = static_cast<char>(c | 0x20);
  return (c >= '0' && c <= '9') || (lower >= 'a' && lower <= 'z') || c == '-' || c == '.' || c == '_' || c == '~';
}

}  // namespace

bool DecodePath(std::string_view encoded, std::string& out) { return Decode(encoded, false, out); }

bool DecodeQuery(std::string_view encoded, std::string& out) { return Decode(encoded, true, out); }

std::string Encode(std::string_view text) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    if (IsUnreserved(c)) {
      out.push_back(c);
      continue;
    }
    out.push_back('%');
    out.push_back(kHex[static_cast<unsigned char>(c) >> 4]);
    out.push_back(kHex[c & 15]);
  }
  return out;
}

}  // namespace tokenbroker::rest
