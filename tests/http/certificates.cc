#include "tests/http/certificates.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

namespace tokenbroker::http {
namespace {

constexpr long kDay = 86'400;

void AddExtension(X509* certificate, int nid, const std::string& value) {
  if (value.empty()) return;
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, nid, value.c_str());
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

std::string TextOf(BIO* bio) {
  char* data;
  const long size = BIO_get_mem_data(bio, &data);
  std::string text(data, size);
  BIO_free(bio);
  return text;
}

}  // namespace

Certificate::Certificate(const std::string& common_name, const std::string& names, const Certificate* authority)
    : key_(EVP_EC_gen("P-256")), certificate_(X509_new()) {
  static long serial = 1;
  X509_set_version(certificate_, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate_), serial++);
  X509_gmtime_adj(X509_getm_notBefore(certificate_), -kDay);
  X509_gmtime_adj(X509_getm_notAfter(certificate_), kDay);
  X509_set_pubkey(certificate_, key_);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate_), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(common_name.c_str()), -1, -1, 0);
  const Certificate& issuer = authority == nullptr ? *this : *authority;
  X509_set_issuer_name(certificate_, X509_get_subject_name(issuer.certificate_));
  if (authority == nullptr) AddExtension(certificate_, NID_basic_constraints, "critical,CA:TRUE");
  AddExtension(certificate_, NID_subject_alt_name, names);
  X509_sign(certificate_, issuer.key_, EVP_sha256());
}

Certificate::~Certificate() {
  X509_free(certificate_);
  EVP_PKEY_free(key_);
}

std::string Certificate::CertificatePem() const {
  BIO* bio = BIO_new(BIO_s_mem());
  PEM_write_bio_X509(bio, certificate_);
  return TextOf(bio);
}

std::string Certificate::KeyPem() const {
  BIO* bio = BIO_new(BIO_s_mem());
  PEM_write_bio_PrivateKey(bio, key_, nullptr, nullptr, 0, nullptr, nullptr);
  return TextOf(bio);
}

}  // namespace tokenbroker::http
