#include "server/calls/authenticator.h"

#include <openssl/sha.h>

#include <cstring>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace tokenbroker::calls {
namespace {

constexpr absl::string_view kScheme = "bearer ";

// Rights go from the configuration to the rules as they are; neither layer knows the other.
static_assert(static_cast<int>(Right::kIssue) == broker::Right::kIssue);
static_assert(static_cast<int>(Right::kResolve) == broker::Right::kResolve);
static_assert(static_cast<int>(Right::kRead) == broker::Right::kRead);
static_assert(static_cast<int>(Right::kAdminister) == broker::Right::kAdminister);
static_assert((Right::kIssue | Right::kResolve | Right::kRead | Right::kAdminister) == broker::kAllRights);

}  // namespace

size_t Authenticator::DigestHash::operator()(const Digest& digest) const {
  size_t hash;
  std::memcpy(&hash, digest.data(), sizeof hash);
  return hash;
}

Authenticator::Authenticator(const AuthConfig& config) : mode_(config.mode) {
  anonymous_.id = "anonymous";
  anonymous_.everywhere = broker::kAllRights;
  token_.id = "token";
  token_.unknown = "no API key was presented (authorization: Bearer KEY)";
  for (const ApiKey& key : config.keys) by_key_[key.sha256] = Add(absl::StrCat("key:", key.id), key.namespaces);
  for (const CertificateHolder& holder : config.certificates) {
    by_certificate_[holder.name] = Add(absl::StrCat("cert:", holder.name), holder.namespaces);
  }
}

broker::Principal MakePrincipal(std::string id, const NamespaceRights& namespaces) {
  broker::Principal principal;
  principal.id = std::move(id);
  for (const auto& [name, rights] : namespaces) {
    if (name == "*") {
      principal.everywhere = rights;
    } else {
      principal.namespaces[name] = rights;
    }
  }
  return principal;
}

broker::Principal* Authenticator::Add(std::string id, const NamespaceRights& namespaces) {
  principals_.push_back(std::make_unique<broker::Principal>(MakePrincipal(std::move(id), namespaces)));
  return principals_.back().get();
}

const broker::Principal* Authenticator::OfKey(std::string_view authorization) const {
  const absl::string_view text(authorization.data(), authorization.size());
  if (!absl::StartsWithIgnoreCase(text, kScheme)) return nullptr;
  const absl::string_view key = absl::StripAsciiWhitespace(text.substr(kScheme.size()));
  // What is looked up is the key's hash: how long that takes says nothing about the key.
  Digest digest;
  SHA256(reinterpret_cast<const uint8_t*>(key.data()), key.size(), digest.data());
  auto found = by_key_.find(digest);
  return found == by_key_.end() ? nullptr : found->second;
}

const broker::Principal* Authenticator::Identify(std::string_view authorization,
                                                 absl::Span<const std::string> certificate_names) const {
  if (mode_ == AuthMode::kOpen) return &anonymous_;
  if (!authorization.empty()) return OfKey(authorization);
  if (certificate_names.empty() || by_certificate_.empty()) return &token_;
  for (const std::string& name : certificate_names) {
    if (auto found = by_certificate_.find(name); found != by_certificate_.end()) return found->second;
  }
  return nullptr;
}

}  // namespace tokenbroker::calls
