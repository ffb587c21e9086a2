// Certificates made on the spot.
#pragma once

#include <openssl/x509.h>

#include <string>

namespace tokenbroker::http {

class Certificate {
 public:
  // `names` as OpenSSL writes them: "DNS:a,URI:b"; signed by itself without an authority. An authority's own
  // certificate may sign.
  explicit Certificate(const std::string& common_name, const std::string& names = "",
                       const Certificate* authority = nullptr);
  ~Certificate();
  Certificate(const Certificate&) = delete;

  X509* certificate() const { return certificate_; }
  EVP_PKEY* key() const { return key_; }
  std::string CertificatePem() const;
  std::string KeyPem() const;

 private:
  EVP_PKEY* key_;
  X509* certificate_;
};

}  // namespace tokenbroker::http
