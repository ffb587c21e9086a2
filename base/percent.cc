#include "base/percent.h"

#include <algorithm>

#include "absl/strings/ascii.h"

namespace tokenbroker {
namespace {

constexpr size_t kEscapeLength = 3;

bool IsUnreserved(char c) { return absl::ascii_isalnum(c) || c == '-' || c == '.' || c == '_' || c == '~'; }

int DigitOf(char c) { return absl::ascii_isdigit(c) ? c - '0' : absl::ascii_tolower(c) - 'a' + 10; }

}  // namespace

std::string PercentEncoded(std::string_view text) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    if (IsUnreserved(c)) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += kDigits[byte >> 4];
    out += kDigits[byte & 15];
  }
  return out;
}

int EscapedByte(std::string_view text) {
  if (text.size() < kEscapeLength || text[0] != '%') return -1;
  if (!absl::ascii_isxdigit(text[1]) || !absl::ascii_isxdigit(text[2])) return -1;
  return DigitOf(text[1]) * 16 + DigitOf(text[2]);
}

bool AppendPercentDecoded(std::string_view encoded, Plus plus, std::string& out) {
  for (size_t i = 0; i < encoded.size(); ++i) {
    if (encoded[i] == '+' && plus == Plus::kBlank) {
      out += ' ';
    } else if (encoded[i] != '%') {
      out += encoded[i];
    } else {
      const int byte = EscapedByte(encoded.substr(i));
      if (byte < 0) return false;
      out += static_cast<char>(byte);
      i += kEscapeLength - 1;
    }
  }
  return true;
}

void ForEachParameter(std::string_view query,
                      absl::FunctionRef<void(std::string_view name, std::string_view value)> each) {
  while (!query.empty()) {
    const std::string_view piece = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), piece.size() + 1));
    if (piece.empty()) continue;
    const std::string_view name = piece.substr(0, piece.find('='));
    each(name, piece.substr(std::min(piece.size(), name.size() + 1)));
  }
}

}  // namespace tokenbroker
