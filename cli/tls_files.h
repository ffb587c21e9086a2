// The files that a TLS connection is made with.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "cli/settings.h"

namespace tokenbroker::cli {

// Their contents, PEM; empty where no file is named.
struct TlsFiles {
  std::string roots;
  std::string certificate;
  std::string key;
};

// INVALID_ARGUMENT that names the flag when a file cannot be read, holds no PEM of its kind, or the key is not that of
// the certificate: gRPC would only find the broker unreachable, again and again.
absl::StatusOr<TlsFiles> ReadTlsFiles(const Settings& settings);

}  // namespace tokenbroker::cli
