#include "server/outbound/address_guard.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstring>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"

namespace tokenbroker::outbound {
namespace {

// https://www.iana.org/assignments/iana-ipv4-special-registry and iana-ipv6-special-registry, and what is no unicast.
constexpr const char* kForbidden[] = {
    "0.0.0.0/8",        // this network
    "10.0.0.0/8",       // private
    "100.64.0.0/10",    // shared by carriers
    "127.0.0.0/8",      // loopback
    "169.254.0.0/16",   // link-local: metadata services
    "172.16.0.0/12",    // private
    "192.0.0.0/24",     // protocol assignments
    "192.0.2.0/24",     // documentation
    "192.88.99.0/24",   // 6to4 relays
    "192.168.0.0/16",   // private
    "198.18.0.0/15",    // benchmarks
    "198.51.100.0/24",  // documentation
    "203.0.113.0/24",   // documentation
    "224.0.0.0/4",      // multicast
    "240.0.0.0/4",      // reserved, broadcast
    "168.63.129.16",    // Azure's metadata, in the middle of public addresses
    "2001::/23",        // protocol assignments, Teredo
    "2001:db8::/32",    // documentation
    "2002::/16",        // 6to4
    "3fff::/20",        // documentation
};
constexpr const char kGlobalUnicast[] = "2000::/3";
// The last 32 bits are an IPv4 address.
constexpr const char kTranslated[] = "64:ff9b::/96";
constexpr uint8_t kMapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

bool IsMapped(const std::array<uint8_t, 16>& bytes) { return std::equal(kMapped, kMapped + 12, bytes.begin()); }

}  // namespace

bool AddressGuard::Range::Has(const Bytes& address) const {
  const int whole = bits / 8;
  if (!std::equal(begin.begin(), begin.begin() + whole, address.begin())) return false;
  const int rest = bits % 8;
  return rest == 0 || ((begin[whole] ^ address[whole]) >> (8 - rest)) == 0;
}

bool AddressGuard::Parse(std::string_view text, Bytes& out, bool& is_v4) {
  const std::string copy(text);
  is_v4 = inet_pton(AF_INET, copy.c_str(), out.data() + 12) == 1;
  if (is_v4) std::copy(kMapped, kMapped + 12, out.begin());
  return is_v4 || inet_pton(AF_INET6, copy.c_str(), out.data()) == 1;
}

absl::StatusOr<AddressGuard::Range> AddressGuard::ParseRange(std::string_view text) {
  const size_t slash = text.find('/');
  Range range;
  bool is_v4 = false;
  const bool parsed = Parse(text.substr(0, slash), range.begin, is_v4);
  const int width = is_v4 ? 32 : 128;
  range.bits = width;
  const std::string_view bits = slash == std::string_view::npos ? std::string_view() : text.substr(slash + 1);
  const bool has_bits = slash != std::string_view::npos;
  if (!parsed || (has_bits && !absl::SimpleAtoi(absl::string_view(bits.data(), bits.size()), &range.bits)) ||
      range.bits < 0 || range.bits > width) {
    return absl::InvalidArgumentError(absl::StrCat("'", absl::string_view(text.data(), text.size()),
                                                   "' is no address and no range like 10.1.0.0/16 or fd00:12::/32"));
  }
  range.bits += 128 - width;
  return range;
}

const std::vector<AddressGuard::Range>& AddressGuard::Forbidden() {
  static const auto* const forbidden = [] {
    auto* all = new std::vector<Range>;
    for (const char* text : kForbidden) all->push_back(ParseRange(text).value());
    return all;
  }();
  return *forbidden;
}

absl::StatusOr<AddressGuard> AddressGuard::Make(absl::Span<const std::string> allowed) {
  AddressGuard guard;
  for (const std::string& text : allowed) {
    TB_ASSIGN_OR_RETURN(Range range, ParseRange(text));
    guard.allowed_.push_back(range);
  }
  return guard;
}

bool AddressGuard::AllowsBytes(const Bytes& address) const {
  static const Range translated = ParseRange(kTranslated).value();
  static const Range global = ParseRange(kGlobalUnicast).value();
  const auto has = [&](const Range& range) { return range.Has(address); };
  if (std::any_of(allowed_.begin(), allowed_.end(), has)) return true;
  if (translated.Has(address)) {
    Bytes inner = address;
    std::copy(kMapped, kMapped + 12, inner.begin());
    return AllowsBytes(inner);
  }
  if (!IsMapped(address) && !global.Has(address)) return false;
  return std::none_of(Forbidden().begin(), Forbidden().end(), has);
}

bool AddressGuard::Allows(const sockaddr& address) const {
  Bytes bytes{};
  if (address.sa_family == AF_INET) {
    std::copy(kMapped, kMapped + 12, bytes.begin());
    std::memcpy(bytes.data() + 12, &reinterpret_cast<const sockaddr_in&>(address).sin_addr, 4);
    return AllowsBytes(bytes);
  }
  if (address.sa_family != AF_INET6) return false;
  std::memcpy(bytes.data(), &reinterpret_cast<const sockaddr_in6&>(address).sin6_addr, 16);
  return AllowsBytes(bytes);
}

bool AddressGuard::Allows(std::string_view address) const {
  Bytes bytes{};
  bool is_v4 = false;
  return Parse(address, bytes, is_v4) && AllowsBytes(bytes);
}

}  // namespace tokenbroker::outbound
