#include "server/aws/authorization.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "base/percent.h"
#include "server/sigv4/sigv4.h"
#include "server/sigv4/url_text.h"

namespace tokenbroker::aws {
namespace {

// An Authorization header may hold a key of another door: it is never quoted, not even to who sent it.
std::string Hashed(std::string_view text) {
  const Digest digest = Sha256(text);
  return absl::Base64Escape({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

void SetFirst(std::string& field, std::string_view value) {
  if (field.empty()) field = value;
}

Error ReadPair(std::string_view pair, std::string_view header, Authorization& out) {
  const size_t equals = pair.find('=');
  if (equals == std::string_view::npos) {
    return {&kIncompleteSignature,
            absl::StrCat("Invalid key=value pair (missing equal-sign) in Authorization header (hashed with SHA-256 and "
                         "encoded with Base64): '",
                         Hashed(header), "'.")};
  }
  const std::string_view name = pair.substr(0, equals), value = pair.substr(equals + 1);
  if (name == "Credential") SetFirst(out.credential, value);
  if (name == "SignedHeaders") SetFirst(out.signed_headers, value);
  if (name == "Signature") SetFirst(out.signature, value);
  return {};
}

Error CheckHeaderIsComplete(std::string_view header, const Authorization& authorization) {
  std::string missing;
  const std::pair<const std::string&, const char*> parts[] = {{authorization.credential, "Credential"},
                                                              {authorization.signature, "Signature"},
                                                              {authorization.signed_headers, "SignedHeaders"}};
  for (const auto& [value, name] : parts) {
    if (value.empty()) absl::StrAppend(&missing, "Authorization header requires '", name, "' parameter. ");
  }
  if (authorization.timestamp.empty()) {
    missing += "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. ";
  }
  if (missing.empty()) return {};
  return {&kIncompleteSignature,
          absl::StrCat(missing, "(Hashed with SHA-256 and encoded with Base64) Authorization=", Hashed(header))};
}

Error ReadHeader(std::string_view header, const Request& request, Authorization& out) {
  const size_t end = header.find(' ');
  out.algorithm = header.substr(0, end);
  // Commas, blanks, or both stand between the parts.
  std::string_view rest = end == std::string_view::npos ? std::string_view() : header.substr(end);
  while (!rest.empty()) {
    const size_t length = std::min(rest.find_first_of(", \t"), rest.size());
    if (length > 0) {
      if (Error error = ReadPair(rest.substr(0, length), header, out)) return error;
    }
    rest.remove_prefix(std::min(rest.size(), length + 1));
  }
  out.timestamp_header = "x-amz-date";
  out.timestamp = request.Find("x-amz-date");
  if (out.timestamp.empty()) {
    out.timestamp_header = "date";
    out.timestamp = request.Find("date");
  }
  out.session_token = request.Find("x-amz-security-token");
  return CheckHeaderIsComplete(header, out);
}

struct QueryField {
  const char* name;
  std::string Authorization::*field;
  bool required = true;
};

constexpr QueryField kQueryFields[] = {{"X-Amz-Algorithm", &Authorization::algorithm},
                                       {"X-Amz-Credential", &Authorization::credential},
                                       {"X-Amz-Signature", &Authorization::signature},
                                       {"X-Amz-SignedHeaders", &Authorization::signed_headers},
                                       {"X-Amz-Date", &Authorization::timestamp},
                                       {"X-Amz-Expires", &Authorization::expires},
                                       {"X-Amz-Security-Token", &Authorization::session_token, false}};

bool ReadQuery(std::string_view query, Authorization& out) {
  bool found = false;
  ForEachParameter(query, [&](std::string_view name, std::string_view value) {
    for (const QueryField& each : kQueryFields) {
      if (name != each.name) continue;
      SetFirst(out.*each.field, Decoded(value));
      found = true;
    }
  });
  return found;
}

Error CheckQueryIsComplete(const Authorization& authorization) {
  std::string missing;
  for (const QueryField& each : kQueryFields) {
    if (each.required && (authorization.*each.field).empty()) {
      absl::StrAppend(&missing, "AWS query-string parameters must include '", each.name, "'. ");
    }
  }
  if (missing.empty()) return {};
  return {&kIncompleteSignature, absl::StrCat(missing, "Re-examine the query-string parameters.")};
}

}  // namespace

Error ReadAuthorization(const Request& request, Authorization& out) {
  const std::string_view header = request.Find("authorization");
  if (header.substr(0, 5) == "AWS4-") return ReadHeader(header, request, out);
  // Whatever other scheme it is, it is none of AWS's.
  if (header.empty() && ReadQuery(request.query, out)) {
    out.presigned = true;
    return CheckQueryIsComplete(out);
  }
  return {&kMissingAuthentication, "Missing Authentication Token"};
}

}  // namespace tokenbroker::aws
