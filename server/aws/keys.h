// Who may sign: access key ids with their secrets, and the principal that each stands for.
//
// A signature can be checked only by who knows the secret itself, so, unlike an API key, it is held in clear: in memory
// here, and in a file or a variable of the environment that the configuration names. It is never shown.
//
// Immutable but for a cache of its own; thread-safe. Principals live as long as the keys.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "server/broker/principal.h"
#include "server/config/config.h"
#include "server/sigv4/sigv4.h"

namespace tokenbroker::aws {

class Key {
 public:
  Key(const AwsKey& config, std::string secret, std::string session_token);
  ~Key();

  // "aws:<access key id>".
  const broker::Principal& principal() const { return principal_; }
  // Empty: none, and none may be shown.
  const std::string& session_token() const { return session_token_; }

  // The signing key for the scope. The last one is remembered: it is the same for a day.
  Digest SigningKeyFor(const Scope& scope) const;

 private:
  const broker::Principal principal_;
  std::string secret_;
  std::string session_token_;

  mutable std::mutex mutex_;
  mutable Scope scope_;           // guarded by mutex_
  mutable Digest signing_key_{};  // guarded by mutex_
};

class KeySet {
 public:
  // Nobody may sign.
  KeySet() = default;

  // Reads each secret from where the configuration says it is; line ends behind it do not count. `environment` is the
  // process's. INVALID_ARGUMENT, without any secret in its text, lists those that are not there or cannot be one, each
  // in a line "auth.aws_keys: ...".
  static absl::StatusOr<KeySet> Load(absl::Span<const AwsKey> keys,
                                     absl::Span<const std::pair<std::string, std::string>> environment);

  // nullptr if there is none.
  const Key* Find(std::string_view access_key_id) const;
  void Add(const AwsKey& config, std::string secret, std::string session_token = "");

 private:
  absl::flat_hash_map<std::string, std::unique_ptr<Key>> keys_;
};

}  // namespace tokenbroker::aws
