#include "server/outbound/url.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"

namespace tokenbroker::outbound {
namespace {

absl::Status Bad(const char* rule) { return absl::InvalidArgumentError(rule); }

bool IsPlain(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < '\x7f'; });
}

absl::string_view Text(std::string_view text) { return {text.data(), text.size()}; }

}  // namespace

absl::StatusOr<Url> ParseUrl(std::string_view text) {
  Url url;
  if (!IsPlain(text)) return Bad("a URL has no blanks, control characters or characters beyond ASCII");
  if (absl::StartsWithIgnoreCase(Text(text), "https://")) {
    url.tls = true;
  } else if (!absl::StartsWithIgnoreCase(Text(text), "http://")) {
    return Bad("a URL begins with https:// or http://");
  }
  text.remove_prefix(url.tls ? 8 : 7);
  if (text.find('#') != std::string_view::npos) return Bad("the URL must have no fragment");
  const std::string_view authority = text.substr(0, text.find_first_of("/?"));
  text.remove_prefix(authority.size());
  if (authority.find('@') != std::string_view::npos) return Bad("the URL must have no user name");

  const size_t bracket = authority.rfind(']');
  const size_t colon = authority.find(':', bracket == std::string_view::npos ? 0 : bracket);
  url.host = absl::AsciiStrToLower(Text(authority.substr(0, colon)));
  if (url.host.empty()) return Bad("the URL has no host");
  url.authority = url.host;
  if (colon != std::string_view::npos) {
    int port = 0;
    if (!absl::SimpleAtoi(Text(authority.substr(colon + 1)), &port) || port < 1 || port > 65535) {
      return Bad("the URL's port must be 1 to 65535");
    }
    if (port != (url.tls ? 443 : 80)) url.authority += ":" + std::to_string(port);
  }
  const size_t question = text.find('?');
  url.path = text.substr(0, question);
  if (url.path.empty()) url.path = "/";
  if (question != std::string_view::npos) url.query = text.substr(question + 1);
  return url;
}

}  // namespace tokenbroker::outbound
