// The server's certificate, which changes while it runs.
#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "server/http/options.h"

namespace tokenbroker::http {

using TlsContextPtr = std::shared_ptr<SSL_CTX>;

// Not thread-safe.
class TlsContext {
 public:
  // INVALID_ARGUMENT lists what cannot be read or does not fit, in lines "tls.key_file: ..." with the setting's name.
  static absl::StatusOr<TlsContext> Load(const TlsFiles& files);

  // Looks at the files; if what is in them has changed, new connections get it. An error leaves what was. True if it
  // changed.
  absl::StatusOr<bool> Reload();

  const TlsContextPtr& get() const { return context_; }

 private:
  explicit TlsContext(TlsFiles files) : files_(std::move(files)) {}

  TlsFiles files_;
  TlsContextPtr context_;
  // Of all files together: the key itself is not kept here.
  std::string digest_;
};

}  // namespace tokenbroker::http
