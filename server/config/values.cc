#include "server/config/values.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cctype>
#include <limits>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"

namespace tokenbroker {
namespace {

struct Unit {
  std::string_view name;
  int64_t factor;
};

constexpr Unit kSizeUnits[] = {{"B", 1},
                               {"KiB", int64_t{1} << 10},
                               {"MiB", int64_t{1} << 20},
                               {"GiB", int64_t{1} << 30},
                               {"TiB", int64_t{1} << 40}};

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// The number in front of one of the units; false on anything else, and on overflow.
bool InUnits(std::string_view text, int64_t* bytes) {
  const size_t digits = std::find_if_not(text.begin(), text.end(), IsDigit) - text.begin();
  int64_t number;
  if (!absl::SimpleAtoi(absl::string_view(text.data(), digits), &number)) return false;
  for (const Unit& unit : kSizeUnits) {
    if (text.substr(digits) != unit.name) continue;
    if (number > std::numeric_limits<int64_t>::max() / unit.factor) return false;
    *bytes = number * unit.factor;
    return true;
  }
  return false;
}

bool IsHostName(std::string_view host) {
  return !host.empty() && host.size() <= 253 && std::all_of(host.begin(), host.end(), [](unsigned char c) {
    return absl::ascii_isalnum(c) || c == '.' || c == '-' || c == '_';
  });
}

bool IsIpv4(const std::string& host) {
  in_addr address;
  return inet_pton(AF_INET, host.c_str(), &address) == 1;
}

bool IsIpv6(const std::string& host) {
  in6_addr address;
  return inet_pton(AF_INET6, host.c_str(), &address) == 1;
}

// Splits at the last colon, takes the brackets off.
bool SplitHostPort(std::string_view text, std::string* host, std::string_view* port) {
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return false;
  *port = text.substr(colon + 1);
  std::string_view name = text.substr(0, colon);
  const bool brackets = name.size() > 2 && name.front() == '[' && name.back() == ']';
  if (brackets) name = name.substr(1, name.size() - 2);
  *host = std::string(name);
  return brackets ? IsIpv6(*host) : IsHostName(name);
}

}  // namespace

absl::StatusOr<int64_t> ParseSize(std::string_view text) {
  int64_t bytes = 0;
  if (absl::SimpleAtoi(absl::string_view(text.data(), text.size()), &bytes) && bytes >= 0) return bytes;
  if (InUnits(text, &bytes)) return bytes;
  return absl::InvalidArgumentError("must be a size such as 65536, 256KiB, 64MiB or 1GiB");
}

std::string FormatSize(int64_t bytes) {
  if (bytes == 0) return "0";
  const Unit* best = &kSizeUnits[0];
  for (const Unit& unit : kSizeUnits) {
    if (bytes % unit.factor == 0) best = &unit;
  }
  return absl::StrCat(bytes / best->factor, absl::string_view(best->name.data(), best->name.size()));
}

absl::StatusOr<HostPort> ParseHostPort(std::string_view text) {
  HostPort result;
  std::string_view port;
  int number;
  if (!SplitHostPort(text, &result.host, &port) || port.empty() || !std::all_of(port.begin(), port.end(), IsDigit) ||
      !absl::SimpleAtoi(absl::string_view(port.data(), port.size()), &number) || number > 65'535) {
    return absl::InvalidArgumentError("must be HOST:PORT, such as 127.0.0.1:7433, 0.0.0.0:7433 or [::1]:7433");
  }
  result.port = static_cast<uint16_t>(number);
  return result;
}

absl::StatusOr<std::string> ParseHost(std::string_view text) {
  const size_t bracket = text.rfind(']');
  const bool has_port = text.find(':', bracket == std::string_view::npos ? 0 : bracket) != std::string_view::npos;
  TB_ASSIGN_OR_RETURN(HostPort address, ParseHostPort(std::string(text) + (has_port ? "" : ":1")));
  return std::move(address.host);
}

absl::Status CheckOrigin(std::string_view text) {
  const absl::Status fault = absl::InvalidArgumentError("must be origins such as https://console.example");
  const bool tls = text.substr(0, 8) == "https://";
  if (!tls && text.substr(0, 7) != "http://") return fault;
  const std::string_view rest = text.substr(tls ? 8 : 7);
  const std::string_view own_port = tls ? ":443" : ":80";
  const bool small = std::none_of(rest.begin(), rest.end(), [](unsigned char c) { return absl::ascii_isupper(c); });
  const bool has_own_port = rest.size() > own_port.size() && rest.substr(rest.size() - own_port.size()) == own_port;
  return small && ParseHost(rest).ok() && !has_own_port ? absl::OkStatus() : fault;
}

bool MayHoldSecret(std::string_view text) {
  return text.find("://") != std::string_view::npos || text.find('@') != std::string_view::npos;
}

bool IsKeptBack(std::string_view key) {
  return key == "url" || key == "dead_letter_url" || key == "endpoint" || key == "external_id";
}

bool IsAddress(const std::string& host) { return IsIpv4(host) || IsIpv6(host); }

bool IsLoopback(std::string_view host) {
  if (host == "localhost") return true;
  const std::string text(host);
  in_addr v4;
  if (inet_pton(AF_INET, text.c_str(), &v4) == 1) return (ntohl(v4.s_addr) >> 24) == 127;
  in6_addr v6;
  return inet_pton(AF_INET6, text.c_str(), &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

bool IsName(std::string_view text) {
  if (text.empty() || text.size() > 64) return false;
  const auto plain = [](char c) { return absl::ascii_islower(c) || absl::ascii_isdigit(c); };
  return plain(text[0]) &&
         std::all_of(text.begin(), text.end(), [&](char c) { return plain(c) || c == '-' || c == '_' || c == '.'; });
}

}  // namespace tokenbroker
