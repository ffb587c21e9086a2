#include "server/http/tls_context.h"

#include <optional>
#include <utility>

#include "base/status_macros.h"

namespace tokenbroker::http {
namespace {

// Clients that would rather speak HTTP/2 are told at once that they cannot.
int ChooseProtocol(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* in, unsigned in_size,
                   void*) {
  static constexpr unsigned char kHttp11[] = "\x08http/1.1";
  unsigned char* chosen = nullptr;
  if (SSL_select_next_proto(&chosen, out_size, kHttp11, sizeof(kHttp11) - 1, in, in_size) != OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  }
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

void Harden(SSL_CTX* context) {
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  // No resumption: a certificate that is no longer trusted ends with its connection. No renegotiation.
  SSL_CTX_set_options(context, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(context, 0);
  // Idle connections give their 34 KiB of buffers back.
  SSL_CTX_set_mode(context,
                   SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_alpn_select_cb(context, ChooseProtocol, nullptr);
}

}  // namespace

absl::StatusOr<TlsContext> TlsContext::Load(const tls::Files& files) {
  TlsContext loaded(files);
  TB_RETURN_IF_ERROR(loaded.Reload().status());
  return loaded;
}

absl::StatusOr<bool> TlsContext::Reload() {
  TB_ASSIGN_OR_RETURN(std::optional<tls::Loaded> loaded, files_.Look());
  if (!loaded.has_value()) return false;
  Harden(loaded->context.get());
  context_ = std::move(loaded->context);
  return true;
}

}  // namespace tokenbroker::http
