#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdint>
#include <string_view>

#include "server/http/transport.h"

namespace tokenbroker::http {
namespace {

// OpenSSL's own socket BIO writes with write(2), which raises SIGPIPE when the peer is gone.
int FdOf(BIO* bio) { return static_cast<int>(reinterpret_cast<intptr_t>(BIO_get_data(bio))); }

int SocketWrite(BIO* bio, const char* data, int size) {
  BIO_clear_retry_flags(bio);
  const auto count = static_cast<int>(send(FdOf(bio), data, size, MSG_NOSIGNAL));
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) BIO_set_retry_write(bio);
  return count;
}

int SocketRead(BIO* bio, char* data, int size) {
  BIO_clear_retry_flags(bio);
  const auto count = static_cast<int>(recv(FdOf(bio), data, size, 0));
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) BIO_set_retry_read(bio);
  if (count == 0) BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
  return count;
}

long SocketControl(BIO* bio, int command, long, void*) {
  if (command == BIO_CTRL_EOF) return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0 ? 1 : 0;
  return command == BIO_CTRL_FLUSH ? 1 : 0;
}

BIO_METHOD* SocketMethod() {
  static BIO_METHOD* const method = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "tokenbroker socket");
    BIO_meth_set_write(made, SocketWrite);
    BIO_meth_set_read(made, SocketRead);
    BIO_meth_set_ctrl(made, SocketControl);
    return made;
  }();
  return method;
}

void AppendAlternativeNames(X509* certificate, std::vector<std::string>& names) {
  auto* all = static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
  // DNS names first, then URIs: the order in which gRPC's door takes them.
  for (const int type : {GEN_DNS, GEN_URI}) {
    for (int i = 0; i < sk_GENERAL_NAME_num(all); ++i) {
      const GENERAL_NAME* name = sk_GENERAL_NAME_value(all, i);
      if (name->type != type) continue;
      const ASN1_IA5STRING* text = type == GEN_DNS ? name->d.dNSName : name->d.uniformResourceIdentifier;
      names.emplace_back(reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)), ASN1_STRING_length(text));
    }
  }
  GENERAL_NAMES_free(all);
}

void AppendCommonName(X509* certificate, std::vector<std::string>& names) {
  X509_NAME* subject = X509_get_subject_name(certificate);
  const int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  if (at < 0) return;
  unsigned char* text = nullptr;
  const int size = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
  if (size > 0) names.emplace_back(reinterpret_cast<char*>(text), size);
  OPENSSL_free(text);
}

class TlsTransport final : public Transport {
 public:
  explicit TlsTransport(SSL* ssl) : ssl_(ssl) {}
  ~TlsTransport() override { SSL_free(ssl_); }

  IoResult Handshake() override {
    ERR_clear_error();
    const int result = SSL_do_handshake(ssl_);
    return result == 1 ? IoResult{IoResult::Kind::kDone, 0, true} : Trouble(result);
  }

  IoResult Read(absl::Span<char> into) override {
    ERR_clear_error();
    const int count = SSL_read(ssl_, into.data(), Clamped(into.size()));
    // More may wait in OpenSSL's buffer, where nobody is told of it.
    return count > 0 ? IoResult{IoResult::Kind::kDone, static_cast<size_t>(count), true} : Trouble(count);
  }

  IoResult Write(absl::Span<const iovec> parts) override {
    size_t written = 0;
    for (const iovec& part : parts) {
      if (part.iov_len == 0) continue;
      ERR_clear_error();
      const int count = SSL_write(ssl_, part.iov_base, Clamped(part.iov_len));
      if (count <= 0 && written == 0) return Trouble(count);
      if (count <= 0) break;
      written += count;
      if (static_cast<size_t>(count) < part.iov_len) break;
    }
    return {IoResult::Kind::kDone, written};
  }

  IoResult Peek() override {
    ERR_clear_error();
    char byte;
    const int count = SSL_peek(ssl_, &byte, 1);
    return count > 0 ? IoResult{IoResult::Kind::kDone, 1} : Trouble(count);
  }

  void EndWriting() override {
    ERR_clear_error();
    if (SSL_is_init_finished(ssl_)) SSL_shutdown(ssl_);
    shutdown(FdOf(SSL_get_wbio(ssl_)), SHUT_WR);
  }

  std::vector<std::string> CertificateNames() const override {
    std::vector<std::string> names;
    X509* certificate = SSL_get0_peer_certificate(ssl_);
    if (certificate == nullptr || SSL_get_verify_result(ssl_) != X509_V_OK) return names;
    AppendAlternativeNames(certificate, names);
    if (names.empty()) AppendCommonName(certificate, names);
    // A NUL would make "bank.example\0.evil.example" two names to two readers.
    std::erase_if(names, [](const std::string& name) { return name.find('\0') != std::string::npos; });
    return names;
  }

 private:
  static int Clamped(size_t size) { return static_cast<int>(std::min<size_t>(size, INT_MAX)); }

  IoResult Trouble(int result) const {
    switch (SSL_get_error(ssl_, result)) {
      case SSL_ERROR_WANT_READ:
        return {IoResult::Kind::kWantRead};
      case SSL_ERROR_WANT_WRITE:
        return {IoResult::Kind::kWantWrite};
      case SSL_ERROR_ZERO_RETURN:
        return {IoResult::Kind::kEnd};
      default:
        return {IoResult::Kind::kFailed};
    }
  }

  SSL* const ssl_;
};

}  // namespace

std::unique_ptr<Transport> MakeTlsTransport(int fd, SSL_CTX* context) {
  SSL* ssl = SSL_new(context);
  BIO* bio = BIO_new(SocketMethod());
  if (ssl == nullptr || bio == nullptr) {
    SSL_free(ssl);
    BIO_free(bio);
    return nullptr;
  }
  BIO_set_data(bio, reinterpret_cast<void*>(static_cast<intptr_t>(fd)));
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl, bio, bio);
  SSL_set_accept_state(ssl);
  return std::make_unique<TlsTransport>(ssl);
}

}  // namespace tokenbroker::http
