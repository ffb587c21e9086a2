// Turns credentials into a principal. No gRPC: metadata and certificates are read by each door's caller.h.
//
//   mode open    everybody is "anonymous" and may do everything
//   mode keys    an API key (Authorization: Bearer KEY) or a client certificate names the caller; who shows neither
//                is "token", without any right of its own: a task token suffices for its own task
//
// An API key goes before a certificate. Certificates name nobody while none is configured; they secure the connection
// alone.
//
// Immutable, so thread-safe. Principals live as long as the authenticator.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/types/span.h"
#include "server/broker/principal.h"
#include "server/config/config.h"

namespace tokenbroker::calls {

// A principal with the rights that the configuration gives.
broker::Principal MakePrincipal(std::string id, const NamespaceRights& namespaces);

class Authenticator {
 public:
  explicit Authenticator(const AuthConfig& config);

  // False: everybody is the same, whatever they show.
  bool wants_key() const { return mode_ == AuthMode::kKeys; }
  bool wants_certificate() const { return wants_key() && !by_certificate_.empty(); }

  // nullptr: something was shown, and it is not known. `authorization` is the header's value, or empty;
  // `certificate_names` are the DNS names and URIs of a verified certificate, or else its common name.
  const broker::Principal* Identify(std::string_view authorization,
                                    absl::Span<const std::string> certificate_names) const;

 private:
  using Digest = std::array<uint8_t, 32>;
  struct DigestHash {
    // The digest is random enough by itself.
    size_t operator()(const Digest& digest) const;
  };

  const broker::Principal* OfKey(std::string_view authorization) const;
  broker::Principal* Add(std::string id, const NamespaceRights& namespaces);

  const AuthMode mode_;
  broker::Principal anonymous_;
  broker::Principal token_;
  std::vector<std::unique_ptr<broker::Principal>> principals_;
  absl::flat_hash_map<Digest, const broker::Principal*, DigestHash> by_key_;
  absl::flat_hash_map<std::string, const broker::Principal*> by_certificate_;
};

}  // namespace tokenbroker::calls
