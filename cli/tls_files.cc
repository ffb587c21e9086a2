#include "cli/tls_files.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <memory>

#include "base/status_macros.h"
#include "cli/file.h"

namespace tokenbroker::cli {
namespace {

using Source = std::unique_ptr<BIO, decltype(&BIO_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;
using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

Source SourceOf(const std::string& pem) {
  return {BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free};
}

Certificate NextCertificate(BIO* source) { return {PEM_read_bio_X509(source, nullptr, nullptr, nullptr), X509_free}; }

// The empty password keeps OpenSSL from asking for one at the terminal.
Key ReadKey(const std::string& pem) {
  char none[] = "";
  return {PEM_read_bio_PrivateKey(SourceOf(pem).get(), nullptr, nullptr, none), EVP_PKEY_free};
}

// At least one certificate, and none that is damaged.
bool HoldsCertificates(const std::string& pem) {
  const Source source = SourceOf(pem);
  ERR_clear_error();
  bool any = false;
  while (NextCertificate(source.get())) any = true;
  const bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  ERR_clear_error();
  return any && at_end;
}

absl::Status Wrong(const char* flag, const std::string& path, const char* what) {
  return absl::InvalidArgumentError(std::string(flag) + ": " + path + " " + what);
}

absl::StatusOr<std::string> ReadCertificates(const char* flag, const std::string& path) {
  TB_ASSIGN_OR_RETURN(std::string pem, ReadFile(path));
  if (!HoldsCertificates(pem)) return Wrong(flag, path, "must hold certificates in PEM form");
  return pem;
}

absl::Status CheckKey(const std::string& path, const TlsFiles& files) {
  const Key key = ReadKey(files.key);
  const Certificate own = NextCertificate(SourceOf(files.certificate).get());
  const bool fits = key && X509_check_private_key(own.get(), key.get()) == 1;
  ERR_clear_error();
  if (!key) return Wrong("--tls-key", path, "must hold a private key in PEM form, without a password");
  if (!fits) return Wrong("--tls-key", path, "is not the key of the certificate of --tls-cert");
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<TlsFiles> ReadTlsFiles(const Settings& settings) {
  TlsFiles files;
  if (!settings.tls_ca.empty()) {
    TB_ASSIGN_OR_RETURN(files.roots, ReadCertificates("--tls-ca", settings.tls_ca));
  }
  if (settings.tls_cert.empty()) return files;
  TB_ASSIGN_OR_RETURN(files.certificate, ReadCertificates("--tls-cert", settings.tls_cert));
  TB_ASSIGN_OR_RETURN(files.key, ReadFile(settings.tls_key));
  TB_RETURN_IF_ERROR(CheckKey(settings.tls_key, files));
  return files;
}

}  // namespace tokenbroker::cli
