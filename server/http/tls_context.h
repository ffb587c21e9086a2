// The server's certificate, which changes while it runs.
#pragma once

#include <utility>

#include "absl/status/statusor.h"
#include "server/tls/tls_files.h"

namespace tokenbroker::http {

// Not thread-safe.
class TlsContext {
 public:
  // INVALID_ARGUMENT lists what cannot be read or does not fit, as tls::FileWatch does.
  static absl::StatusOr<TlsContext> Load(const tls::Files& files);

  // Looks at the files; if what is in them has changed, new connections get it. An error leaves what was. True if it
  // changed.
  absl::StatusOr<bool> Reload();

  const tls::ContextPtr& get() const { return context_; }

 private:
  explicit TlsContext(tls::Files files) : files_(std::move(files)) {}

  tls::FileWatch files_;
  tls::ContextPtr context_;
};

}  // namespace tokenbroker::http
