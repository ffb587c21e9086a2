#include "cli/address.h"

#include <arpa/inet.h>
#include <sys/un.h>

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "base/shown_word.h"

namespace tokenbroker::cli {
namespace {

constexpr char kUnix[] = "unix:";

bool IsPort(const std::string& text) {
  int port = 0;
  const bool digits = std::all_of(text.begin(), text.end(), absl::ascii_isdigit);
  return digits && absl::SimpleAtoi(text, &port) && port >= 1 && port <= 65535;
}

bool IsName(const std::string& text) {
  const auto allowed = [](unsigned char c) { return absl::ascii_isalnum(c) || c == '.' || c == '-' || c == '_'; };
  return !text.empty() && std::all_of(text.begin(), text.end(), allowed);
}

// In brackets; a zone may follow.
bool IsV6(const std::string& text) {
  if (text.size() < 2 || text.front() != '[' || text.back() != ']') return false;
  const std::string inner = text.substr(1, text.size() - 2);
  in6_addr address;
  return inet_pton(AF_INET6, inner.substr(0, inner.find('%')).c_str(), &address) == 1;
}

bool IsSocketPath(const std::string& path) { return !path.empty() && path.size() < sizeof(sockaddr_un::sun_path); }

bool IsAddress(const std::string& text) {
  if (text.rfind(kUnix, 0) == 0) return IsSocketPath(text.substr(sizeof kUnix - 1));
  const size_t colon = text.rfind(':');
  if (colon == std::string::npos || !IsPort(text.substr(colon + 1))) return false;
  const std::string host = text.substr(0, colon);
  return IsName(host) || IsV6(host);
}

}  // namespace

absl::Status CheckAddress(const std::string& address) {
  if (IsAddress(address)) return absl::OkStatus();
  return absl::InvalidArgumentError(
      "the broker's address (--address) must be host:port, as in 127.0.0.1:7433, [v6]:port or unix:path, not " +
      Shown(address));
}

}  // namespace tokenbroker::cli
