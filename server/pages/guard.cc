#include "server/pages/guard.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <cstdlib>

namespace tokenbroker::pages {
namespace {

constexpr std::string_view kPurpose = "a form of the callback page, version 1";
constexpr size_t kProofBytes = 16;

bool IsOurs(const Request& request, const std::vector<std::string>& origins) {
  if (request.origin == "null") return true;
  if (std::find(origins.begin(), origins.end(), request.origin) != origins.end()) return true;
  const size_t scheme = request.origin.find("://");
  return scheme != std::string::npos && !request.host.empty() && request.origin.substr(scheme + 3) == request.host;
}

bool IsRight(std::string_view proof, std::string_view token) {
  const std::string right = ProofOf(token);
  return proof.size() == right.size() && CRYPTO_memcmp(proof.data(), right.data(), right.size()) == 0;
}

}  // namespace

std::string ProofOf(std::string_view token) {
  constexpr char kDigits[] = "0123456789abcdef";
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  const auto* purpose = reinterpret_cast<const unsigned char*>(kPurpose.data());
  // The library refuses only when it is out of memory.
  if (!HMAC(EVP_sha256(), token.data(), static_cast<int>(token.size()), purpose, kPurpose.size(), digest, &size)) {
    std::abort();
  }
  std::string proof;
  for (size_t i = 0; i < kProofBytes; ++i) {
    proof.push_back(kDigits[digest[i] >> 4]);
    proof.push_back(kDigits[digest[i] & 15]);
  }
  return proof;
}

std::string RefusePost(const Request& request, std::string_view proof, const std::vector<std::string>& origins) {
  const bool browser = !request.origin.empty() || !request.sec_fetch_site.empty();
  if (!request.sec_fetch_site.empty() && request.sec_fetch_site != "same-origin") {
    return "this came from a page of another site";
  }
  if (!request.origin.empty() && !IsOurs(request, origins)) return "this came from a page of another site";
  if ((browser || !proof.empty()) && !IsRight(proof, request.token)) {
    return "this form is not the one that the page shows: open the page again";
  }
  return "";
}

}  // namespace tokenbroker::pages
