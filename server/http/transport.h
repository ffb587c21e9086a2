// Bytes in and out of a socket that never blocks, plain or through TLS. Each call does what it can at once and says
// what to wait for; the connection waits.
#pragma once

#include <openssl/ssl.h>
#include <sys/uio.h>

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/types/span.h"

namespace tokenbroker::http {

struct IoResult {
  enum class Kind { kDone, kWantRead, kWantWrite, kEnd, kFailed };
  Kind kind = Kind::kFailed;
  // kDone: at least one.
  size_t bytes = 0;
  // There may be more, without waiting.
  bool more = false;
};

class Transport {
 public:
  virtual ~Transport() = default;
  virtual IoResult Handshake() = 0;
  virtual IoResult Read(absl::Span<char> into) = 0;
  // The parts, as far as they can be taken. After kWantWrite the same bytes have to come again, though not from the
  // same place.
  virtual IoResult Write(absl::Span<const iovec> parts) = 0;
  // Whether there is anything to read, which stays there.
  virtual IoResult Peek() = 0;
  // Says that nothing more will be sent. Errors do not matter any more.
  virtual void EndWriting() = 0;
  // See Peer.
  virtual std::vector<std::string> CertificateNames() const { return {}; }
};

// Neither owns the descriptor.
std::unique_ptr<Transport> MakePlainTransport(int fd);
// nullptr if OpenSSL has no memory.
std::unique_ptr<Transport> MakeTlsTransport(int fd, SSL_CTX* context);

}  // namespace tokenbroker::http
