// AWS Signature Version 4, the arithmetic: what is signed, and what the signature is. Pure; who may sign stands in
// server/aws/verifier.h.
//
//   canonical request   method, path, query, some headers, hash of the body: one text, whatever the wire did to it
//   string to sign      algorithm, time, scope (date/region/service/aws4_request), hash of the canonical request
//   signature           HMAC-SHA256 of that, with a key made from the secret and the scope
//
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "server/sigv4/request.h"

namespace tokenbroker::aws {

inline constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";
inline constexpr std::string_view kTerminator = "aws4_request";

using Digest = std::array<uint8_t, 32>;

Digest Sha256(std::string_view text);
Digest Hmac(const Digest& key, std::string_view text);
// Lower case.
std::string Hex(const Digest& digest);

// --- Parts of the canonical request ---

// Dot segments and repeated slashes taken out, then encoded once more, as every service but S3 wants it.
std::string CanonicalPath(std::string_view path);
// Parameters decoded, encoded in the one way there is, and sorted; without X-Amz-Signature.
std::string CanonicalQuery(std::string_view query);
// "host:localhost\nx-amz-date:...\n" for "host;x-amz-date". Nothing if a name in the list is not in ascending order, is
// there twice, or is not among the headers.
std::optional<std::string> CanonicalHeaders(absl::Span<const Header> headers, std::string_view signed_headers);

// `payload_hash` in hexadecimal digits. Nothing if CanonicalHeaders is nothing.
std::optional<std::string> CanonicalRequest(const Request& request, std::string_view signed_headers,
                                            std::string_view payload_hash);

// --- The signature ---

struct Scope {
  // "20150830".
  std::string date;
  std::string region;
  std::string service;

  friend bool operator==(const Scope&, const Scope&) = default;
};

std::string StringToSign(std::string_view timestamp, const Scope& scope, std::string_view canonical_request);
Digest SigningKey(std::string_view secret, const Scope& scope);
std::string Signature(const Digest& signing_key, std::string_view string_to_sign);

}  // namespace tokenbroker::aws
