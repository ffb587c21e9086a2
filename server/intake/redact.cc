#include "server/intake/redact.h"

#include "absl/strings/str_replace.h"
#include "json/cursor.h"

namespace tokenbroker::intake {
namespace {

constexpr char kInstead[] = "[task token]";

// Behind the string that begins at `at`.
size_t EndOfString(std::string_view text, size_t at) {
  ++at;
  while (text[at] != '"') at += text[at] == '\\' ? 2 : 1;
  return at + 1;
}

// A string with its quotes.
std::string Cleaned(std::string_view string, std::string_view raw_token, const std::string& token) {
  const absl::string_view text(string.data(), string.size());
  std::string cleaned = absl::StrReplaceAll(text, {{absl::string_view(raw_token.data(), raw_token.size()), kInstead}});
  // Written with other escapes here than where it was found.
  const std::string_view inside = std::string_view(cleaned).substr(1, cleaned.size() - 2);
  const bool hidden = json::IsEscaped(inside) && json::Unescape(inside).find(token) != std::string::npos;
  return hidden ? std::string("\"") + kInstead + "\"" : cleaned;
}

}  // namespace

std::string WithoutToken(std::string_view checked_json, std::string_view raw_token) {
  const std::string token = json::Unescape(raw_token);
  std::string out;
  out.reserve(checked_json.size());
  for (size_t at = 0; at < checked_json.size();) {
    const size_t quote = std::min(checked_json.find('"', at), checked_json.size());
    out.append(checked_json, at, quote - at);
    if (quote == checked_json.size()) break;
    at = EndOfString(checked_json, quote);
    out += Cleaned(checked_json.substr(quote, at - quote), raw_token, token);
  }
  return out;
}

}  // namespace tokenbroker::intake
