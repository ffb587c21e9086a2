// Which addresses a request may go to that somebody else has named: without it, a webhook's URL is a way into the
// broker's own network (server-side request forgery).
//
// By default only what is reachable for everybody in the Internet, by IANA's registries of special addresses: no
// loopback, private, link-local (with the clouds' metadata services), shared (CGNAT), multicast, documentation,
// benchmark or reserved addresses. An IPv4 address within an IPv6 one (mapped, translated) counts as itself; tunnels
// (6to4, Teredo) are refused.
//
// The client asks about each address that it is about to connect to, so that there is nothing between the check and the
// use: a name that changes its address in between changes nothing.
#pragma once

#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace tokenbroker::outbound {

// Immutable; thread-safe.
class AddressGuard {
 public:
  AddressGuard() = default;
  // `allowed` in addition: "10.1.0.0/16", "192.168.7.5", "fd00:12::/32". INVALID_ARGUMENT names what is none.
  static absl::StatusOr<AddressGuard> Make(absl::Span<const std::string> allowed);

  bool Allows(const sockaddr& address) const;
  // An address as text, without a port; false for what is none.
  bool Allows(std::string_view address) const;

 private:
  // IPv4 as ::ffff:a.b.c.d.
  using Bytes = std::array<uint8_t, 16>;
  struct Range {
    Bytes begin{};
    int bits = 0;
    bool Has(const Bytes& address) const;
  };
  static bool Parse(std::string_view text, Bytes& out, bool& is_v4);
  static absl::StatusOr<Range> ParseRange(std::string_view text);
  static const std::vector<Range>& Forbidden();
  bool AllowsBytes(const Bytes& address) const;

  std::vector<Range> allowed_;
};

}  // namespace tokenbroker::outbound
