// The certificate, key and authorities of a door, which change while it runs. Every door loads them here, so that what
// one takes the others take, too.
#pragma once

#include <openssl/ssl.h>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "base/clock.h"

namespace tokenbroker::tls {

// A larger file is refused. Many times what all authorities of the web take.
inline constexpr size_t kMaxPemBytes = 16 << 20;

struct Files {
  // PEM. No certificate: no TLS.
  std::string certificate_file;
  std::string key_file;
  // Asks clients for a certificate by one of these authorities, and takes those without unless one is required.
  std::string client_ca_file;
  bool require_client_certificate = false;
  // How often the files are looked at. What cannot be loaded changes nothing and is logged.
  DurationMs reload_interval = 60'000;

  bool enabled() const { return !certificate_file.empty(); }
};

// What is in the files. The key is wiped in the end.
struct PemTexts {
  std::string certificate;
  std::string key;
  std::string client_ca;

  PemTexts() = default;
  PemTexts(PemTexts&&) = default;
  PemTexts& operator=(PemTexts&&) = default;
  ~PemTexts();
};

using ContextPtr = std::shared_ptr<SSL_CTX>;

// Texts that fit together, and a context that uses them, with OpenSSL's own settings otherwise.
struct Loaded {
  PemTexts texts;
  ContextPtr context;
};

// Not thread-safe.
class FileWatch {
 public:
  explicit FileWatch(Files files) : files_(std::move(files)) {}

  // Looks at the files: what they hold, if it is not what they held when they were last loaded. INVALID_ARGUMENT lists
  // what cannot be read, holds nothing that can be used, or does not fit the others (as between two renames), in lines
  // "tls.key_file: ..." with the setting's name; the next look tries again.
  absl::StatusOr<std::optional<Loaded>> Look();

 private:
  Files files_;
  // Of all files together: the key itself is not kept here.
  std::string digest_;
};

}  // namespace tokenbroker::tls
