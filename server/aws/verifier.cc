#include "server/aws/verifier.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "server/aws/authorization.h"
#include "server/sigv4/sigv4.h"
#include "server/sigv4/timestamp.h"

namespace tokenbroker::aws {
namespace {

constexpr int64_t kLongestPresigned = 7 * 24 * 3600;

struct Credential {
  std::string key_id;
  Scope scope;
  std::string terminator;
};

Error Incomplete(std::string message) { return {&kIncompleteSignature, std::move(message)}; }
Error Invalid(std::string message) { return {&kInvalidSignature, std::move(message)}; }

Error Mismatch() {
  return Invalid(
      "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key "
      "and signing method. Consult the service documentation for details.");
}

Error Unrecognized() { return {&kUnrecognizedClient, "The security token included in the request is invalid."}; }

// What is said to be the hash of the body, where that is not its hash.
Error CheckPayload(const Request& request) {
  const std::string_view claimed = request.Find("x-amz-content-sha256");
  const bool unsigned_payload = claimed == "UNSIGNED-PAYLOAD";
  if (!unsigned_payload && claimed.substr(0, 10) != "STREAMING-") return {};
  return Invalid(absl::StrCat("x-amz-content-sha256 must be the SHA-256 of the payload: '", Shown(claimed), "' is ",
                              unsigned_payload ? "an unsigned" : "a chunked",
                              " payload, which this service does not accept."));
}

Error CheckSkew(TimeMs signed_at, TimeMs now) {
  if (signed_at < now - kMaxSkew) {
    return Invalid(absl::StrCat("Signature expired: ", FormatTimestamp(signed_at), " is now earlier than ",
                                FormatTimestamp(now - kMaxSkew), " (", FormatTimestamp(now), " - 15 min.)"));
  }
  if (signed_at > now + kMaxSkew) {
    return Invalid(absl::StrCat("Signature not yet current: ", FormatTimestamp(signed_at), " is still later than ",
                                FormatTimestamp(now + kMaxSkew), " (", FormatTimestamp(now), " + 15 min.)"));
  }
  return {};
}

Error CheckExpiry(const Authorization& authorization, TimeMs signed_at, TimeMs now) {
  int64_t seconds = 0;
  if (!absl::SimpleAtoi(authorization.expires, &seconds) || seconds < 1 || seconds > kLongestPresigned) {
    return Incomplete("X-Amz-Expires must be a number of seconds from 1 to 604800.");
  }
  const TimeMs until = signed_at + seconds * 1000;
  if (until >= now) return CheckSkew(std::max(signed_at, now), now);
  return Invalid(absl::StrCat("Signature expired: ", FormatTimestamp(until), " is now earlier than ",
                              FormatTimestamp(now), " (", FormatTimestamp(signed_at), " + ", seconds, " s)"));
}

Error CheckTime(const Authorization& authorization, TimeMs now) {
  TimeMs signed_at = 0;
  if (!ParseTimestamp(authorization.timestamp, signed_at)) {
    return Incomplete(absl::StrCat("Date must be in ISO-8601 'basic format'. Got '", Shown(authorization.timestamp),
                                   "'. See http://en.wikipedia.org/wiki/ISO_8601"));
  }
  return authorization.presigned ? CheckExpiry(authorization, signed_at, now) : CheckSkew(signed_at, now);
}

bool IsSigned(const Authorization& authorization, std::string_view name) {
  std::string_view rest = authorization.signed_headers;
  while (!rest.empty()) {
    const std::string_view each = rest.substr(0, rest.find(';'));
    if (SameName(each, name)) return true;
    rest.remove_prefix(std::min(rest.size(), each.size() + 1));
  }
  return false;
}

// Whatever decides what is done, and for whom, must be signed: another's hand between could change it else.
Error CheckSignedHeaders(const Authorization& authorization, const Request& request) {
  if (!IsSigned(authorization, "host")) {
    return Invalid("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.");
  }
  const auto must_be_signed = [&](std::string_view header, const char* name) -> Error {
    if (IsSigned(authorization, header)) return {};
    return Invalid(absl::StrCat("'", name, "' must be a 'SignedHeader' in the AWS Authorization."));
  };
  if (!authorization.presigned) {
    const bool date = authorization.timestamp_header == "date";
    if (Error error = must_be_signed(authorization.timestamp_header, date ? "Date" : "X-Amz-Date")) return error;
    if (!authorization.session_token.empty()) {
      if (Error error = must_be_signed("x-amz-security-token", "X-Amz-Security-Token")) return error;
    }
  }
  return request.Find("x-amz-target").empty() ? Error{} : must_be_signed("x-amz-target", "X-Amz-Target");
}

Error ReadCredential(const Authorization& authorization, Credential& out) {
  const std::vector<std::string> parts = absl::StrSplit(authorization.credential, '/');
  if (parts.size() != 5) {
    return Incomplete(absl::StrCat(
        "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '",
        Shown(authorization.credential), "'"));
  }
  out = {parts[0], {parts[1], parts[2], parts[3]}, parts[4]};
  return {};
}

// All that is wrong with it in one text.
Error CheckScope(const Credential& credential, const Authorization& authorization) {
  std::string wrong;
  if (credential.scope.region.empty()) wrong += "Credential should be scoped to a valid region, not ''. ";
  if (credential.scope.service != kSigningName) {
    wrong += "Credential should be scoped to correct service: 'states'. ";
  }
  if (credential.terminator != kTerminator) {
    absl::StrAppend(&wrong, "Credential should be scoped with a valid terminator: 'aws4_request', not '",
                    Shown(credential.terminator), "'. ");
  }
  if (credential.scope.date != authorization.timestamp.substr(0, 8)) {
    absl::StrAppend(&wrong,
                    "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '",
                    Shown(credential.scope.date), "' != '", authorization.timestamp.substr(0, 8), "', from '",
                    authorization.timestamp, "'. ");
  }
  if (wrong.empty()) return {};
  wrong.pop_back();
  return Invalid(std::move(wrong));
}

bool SameSecret(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

Error CheckSignature(const Request& request, const Authorization& authorization, const Scope& scope, const Key& key) {
  const std::optional<std::string> canonical =
      CanonicalRequest(request, authorization.signed_headers, Hex(Sha256(request.body)));
  if (!canonical) return Mismatch();
  const std::string expected =
      Signature(key.SigningKeyFor(scope), StringToSign(authorization.timestamp, scope, *canonical));
  return SameSecret(expected, authorization.signature) ? Error{} : Mismatch();
}

}  // namespace

Error Verify(const Request& request, const KeySet& keys, TimeMs now, const Key*& out) {
  Authorization authorization;
  if (Error error = ReadAuthorization(request, authorization)) return error;
  if (Error error = CheckTime(authorization, now)) return error;
  if (Error error = CheckSignedHeaders(authorization, request)) return error;
  if (authorization.algorithm != kAlgorithm) {
    return Incomplete(absl::StrCat("Unsupported AWS 'algorithm': '", Shown(authorization.algorithm), "'."));
  }
  Credential credential;
  if (Error error = ReadCredential(authorization, credential)) return error;
  if (Error error = CheckScope(credential, authorization)) return error;
  if (Error error = CheckPayload(request)) return error;
  const Key* const key = keys.Find(credential.key_id);
  if (key == nullptr) return Unrecognized();
  if (Error error = CheckSignature(request, authorization, credential.scope, *key)) return error;
  if (!SameSecret(key->session_token(), authorization.session_token)) return Unrecognized();
  out = key;
  return {};
}

}  // namespace tokenbroker::aws
