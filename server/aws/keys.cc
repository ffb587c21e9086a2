#include "server/aws/keys.h"

#include <openssl/crypto.h>

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/file.h"
#include "base/status_macros.h"
#include "server/calls/authenticator.h"

namespace tokenbroker::aws {
namespace {

constexpr size_t kShortestSecret = 16;
constexpr size_t kLongestSecret = 4096;
// A secret that is too long is told so; this is no secret at all.
constexpr size_t kLargestFile = 1 << 16;

absl::StatusOr<std::string> Read(const SecretSource& source,
                                 absl::Span<const std::pair<std::string, std::string>> environment) {
  if (!source.file.empty()) {
    absl::StatusOr<std::string> text = ReadFile(source.file, kLargestFile);
    if (text.ok()) return text;
    return absl::InvalidArgumentError(
        absl::StrCat("cannot read the file ", source.file, ": ", text.status().message()));
  }
  for (const auto& [name, value] : environment) {
    if (name == source.variable) return value;
  }
  return absl::InvalidArgumentError(absl::StrCat("the environment variable ", source.variable, " is not set"));
}

absl::StatusOr<std::string> ReadSecret(const AwsKey& key, const char* what, const SecretSource& source,
                                       absl::Span<const std::pair<std::string, std::string>> environment) {
  const auto about = [&](absl::string_view text) {
    return absl::InvalidArgumentError(absl::StrCat("auth.aws_keys: ", what, " of ", key.access_key_id, ": ", text));
  };
  absl::StatusOr<std::string> text = Read(source, environment);
  if (!text.ok()) return about(text.status().message());
  while (!text->empty() && (text->back() == '\n' || text->back() == '\r')) text->pop_back();
  const bool plain = std::all_of(text->begin(), text->end(), absl::ascii_isgraph);
  if (plain && text->size() >= kShortestSecret && text->size() <= kLongestSecret) return text;
  return about("must be 16 to 4096 characters of printable ASCII without blanks");
}

}  // namespace

Key::Key(const AwsKey& config, std::string secret, std::string session_token)
    : principal_(calls::MakePrincipal(absl::StrCat("aws:", config.access_key_id), config.namespaces)),
      secret_(std::move(secret)),
      session_token_(std::move(session_token)) {}

Key::~Key() {
  OPENSSL_cleanse(secret_.data(), secret_.size());
  OPENSSL_cleanse(session_token_.data(), session_token_.size());
}

Digest Key::SigningKeyFor(const Scope& scope) const {
  std::lock_guard lock(mutex_);
  if (scope_ != scope) {
    signing_key_ = SigningKey(secret_, scope);
    scope_ = scope;
  }
  return signing_key_;
}

absl::StatusOr<KeySet> KeySet::Load(absl::Span<const AwsKey> keys,
                                    absl::Span<const std::pair<std::string, std::string>> environment) {
  KeySet set;
  std::vector<std::string> wrong;
  for (const AwsKey& key : keys) {
    absl::StatusOr<std::string> secret = ReadSecret(key, "the secret", key.secret, environment);
    absl::StatusOr<std::string> session_token = std::string();
    if (key.session_token.given()) {
      session_token = ReadSecret(key, "the session token", key.session_token, environment);
    }
    for (const absl::Status& status : {secret.status(), session_token.status()}) {
      if (!status.ok()) wrong.emplace_back(status.message());
    }
    if (secret.ok() && session_token.ok()) set.Add(key, *std::move(secret), *std::move(session_token));
  }
  if (!wrong.empty()) return absl::InvalidArgumentError(absl::StrJoin(wrong, "\n"));
  return set;
}

void KeySet::Add(const AwsKey& config, std::string secret, std::string session_token) {
  keys_[config.access_key_id] = std::make_unique<Key>(config, std::move(secret), std::move(session_token));
}

const Key* KeySet::Find(std::string_view access_key_id) const {
  const auto found = keys_.find(absl::string_view(access_key_id.data(), access_key_id.size()));
  return found == keys_.end() ? nullptr : found->second.get();
}

}  // namespace tokenbroker::aws
