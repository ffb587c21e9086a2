// How values are written, besides durations (base/duration_text.h): sizes "64MiB", addresses "[::1]:7433".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace tokenbroker {

// A whole number with one of the units B, KiB, MiB, GiB, TiB, or without a unit for bytes.
absl::StatusOr<int64_t> ParseSize(std::string_view text);
std::string FormatSize(int64_t bytes);

struct HostPort {
  // Without the brackets of an IPv6 address.
  std::string host;
  uint16_t port = 0;
};

// HOST:PORT with a name or an address, an IPv6 address in brackets. Port 0 lets the machine choose.
absl::StatusOr<HostPort> ParseHostPort(std::string_view text);

// The host of HOST or HOST:PORT, as above.
absl::StatusOr<std::string> ParseHost(std::string_view text);

// SCHEME://HOST or SCHEME://HOST:PORT as browsers write it: http or https, in small letters, the scheme's own port left
// out, nothing behind it.
absl::Status CheckOrigin(std::string_view text);

// Whether a text that somebody gave is to be kept from others: it looks like a URL, or names a user. There may be a
// password in it, or a path that is one.
bool MayHoldSecret(std::string_view text);

// Whether `config print` leaves out the value that targets and intakes have by this key: a URL, or an external id.
bool IsKeptBack(std::string_view key);

// What stands there instead. Nothing that has been kept back passes for a setting.
inline constexpr char kKeptBack[] = "(not shown)";

// Of namespaces and targets.
inline constexpr char kNameRule[] = "1 to 64 characters of [a-z0-9-_.], a letter or digit first";
bool IsName(std::string_view text);

// Whether it is an IPv4 or IPv6 address, without brackets.
bool IsAddress(const std::string& host);

// Whether only this machine can reach the host: 127.0.0.0/8, ::1, localhost.
bool IsLoopback(std::string_view host);

}  // namespace tokenbroker
