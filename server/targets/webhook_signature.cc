#include "server/targets/webhook_signature.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace tokenbroker::targets {
namespace {

constexpr size_t kShortestKey = 24;
constexpr size_t kLongestKey = 64;

std::string Hmac(std::string_view key, std::string_view text) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(text.data()),
       text.size(), digest, &size);
  return absl::Base64Escape(absl::string_view(reinterpret_cast<const char*>(digest), size));
}

}  // namespace

absl::StatusOr<WebhookSigner> WebhookSigner::Make(absl::Span<const std::string> secrets) {
  WebhookSigner signer;
  for (const std::string& secret : secrets) {
    std::string key;
    absl::string_view encoded = secret;
    if (!absl::ConsumePrefix(&encoded, "whsec_") || !absl::Base64Unescape(encoded, &key) || key.size() < kShortestKey ||
        key.size() > kLongestKey) {
      return absl::InvalidArgumentError(absl::StrCat("webhook secret ", signer.keys_.size() + 1,
                                                     " must be whsec_ and the base64 of ", kShortestKey, " to ",
                                                     kLongestKey, " bytes"));
    }
    signer.keys_.push_back(std::move(key));
  }
  return signer;
}

void WebhookSigner::AddHeaders(std::string_view id, TimeMs now, std::string_view body,
                               outbound::HttpHeaders& headers) const {
  const std::string seconds = absl::StrCat(now / 1000);
  headers.emplace_back("webhook-id", id);
  headers.emplace_back("webhook-timestamp", seconds);
  if (keys_.empty()) return;
  std::string text(id);
  text.append(".").append(seconds).append(".").append(body);
  std::string signatures;
  for (const std::string& key : keys_)
    absl::StrAppend(&signatures, signatures.empty() ? "" : " ", "v1,", Hmac(key, text));
  headers.emplace_back("webhook-signature", std::move(signatures));
}

}  // namespace tokenbroker::targets
