#include "server/outbound/aws/signer.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status_macros.h"
#include "server/outbound/url.h"
#include "server/sigv4/timestamp.h"

namespace tokenbroker::outbound::aws {
namespace {

namespace sigv4 = tokenbroker::aws;

absl::string_view Text(std::string_view text) { return {text.data(), text.size()}; }

std::string NamesOf(const std::vector<sigv4::Header>& headers) {
  std::vector<std::string> names;
  for (const sigv4::Header& header : headers) names.push_back(absl::AsciiStrToLower(Text(header.name)));
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return absl::StrJoin(names, ";");
}

}  // namespace

sigv4::Digest Signer::KeyFor(const std::string& secret, const sigv4::Scope& scope) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (date_ != scope.date || secret_ != secret) {
    key_ = sigv4::SigningKey(secret, scope);
    date_ = scope.date;
    secret_ = secret;
  }
  return key_;
}

absl::Status Signer::Sign(const Credentials& credentials, TimeMs now, HttpRequest& request) const {
  TB_ASSIGN_OR_RETURN(const Url url, ParseUrl(request.url));
  const std::string timestamp = sigv4::FormatTimestamp(now);
  request.headers.emplace_back("X-Amz-Date", timestamp);
  if (!credentials.session_token.empty()) {
    request.headers.emplace_back("X-Amz-Security-Token", credentials.session_token);
  }
  std::vector<sigv4::Header> headers = {{"host", url.authority}};
  for (const auto& [name, value] : request.headers) headers.push_back({name, value});
  const std::string names = NamesOf(headers);
  const std::optional<std::string> canonical = sigv4::CanonicalRequest(
      {.method = request.method, .path = url.path, .query = url.query, .headers = headers, .body = request.body}, names,
      sigv4::Hex(sigv4::Sha256(request.body)));
  if (!canonical) return absl::InvalidArgumentError("the request's headers cannot be signed");
  const sigv4::Scope scope{timestamp.substr(0, 8), region_, service_};
  const std::string signature =
      sigv4::Signature(KeyFor(credentials.secret_access_key, scope), sigv4::StringToSign(timestamp, scope, *canonical));
  request.headers.emplace_back(
      "Authorization",
      absl::StrCat(Text(sigv4::kAlgorithm), " Credential=", credentials.access_key_id, "/", scope.date, "/", region_,
                   "/", service_, "/", Text(sigv4::kTerminator), ", SignedHeaders=", names, ", Signature=", signature));
  return absl::OkStatus();
}

}  // namespace tokenbroker::outbound::aws
