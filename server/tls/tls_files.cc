#include "server/tls/tls_files.h"

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <openssl/x509.h>

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/file.h"
#include "base/status_macros.h"

namespace tokenbroker::tls {
namespace {

std::string DigestOf(const PemTexts& texts) {
  std::string digest;
  for (const std::string* text : {&texts.certificate, &texts.key, &texts.client_ca}) {
    unsigned char hash[SHA256_DIGEST_LENGTH];
    SHA256(reinterpret_cast<const unsigned char*>(text->data()), text->size(), hash);
    digest.append(reinterpret_cast<char*>(hash), sizeof(hash));
  }
  return digest;
}

constexpr char kCertificateFile[] = "tls.certificate_file";
constexpr char kKeyFile[] = "tls.key_file";
constexpr char kClientCaFile[] = "tls.client_ca_file";

absl::Status Wrong(const char* setting, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat(setting, ": ", what));
}

// "", or what is wrong.
std::string Read(const char* setting, const std::string& path, std::string& text) {
  if (path.empty()) return "";
  absl::StatusOr<std::string> all = ReadFile(path, kMaxPemBytes);
  if (!all.ok()) return absl::StrCat(setting, ": cannot read ", path, ": ", all.status().message());
  if (all->empty()) return absl::StrCat(setting, ": ", path, " is empty");
  text = *std::move(all);
  return "";
}

absl::Status Read(const Files& files, PemTexts& texts) {
  std::vector<std::string> wrong = {Read(kCertificateFile, files.certificate_file, texts.certificate),
                                    Read(kKeyFile, files.key_file, texts.key),
                                    Read(kClientCaFile, files.client_ca_file, texts.client_ca)};
  std::erase(wrong, "");
  return wrong.empty() ? absl::OkStatus() : absl::InvalidArgumentError(absl::StrJoin(wrong, "\n"));
}

template <auto Free>
struct Freeing {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};
using BioPtr = std::unique_ptr<BIO, Freeing<BIO_free>>;
using X509Ptr = std::unique_ptr<X509, Freeing<X509_free>>;
using KeyPtr = std::unique_ptr<EVP_PKEY, Freeing<EVP_PKEY_free>>;

BioPtr Reader(const std::string& text) { return BioPtr(BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))); }

absl::Status UseCertificate(const Files& files, const PemTexts& texts, SSL_CTX* context) {
  const auto refused = [&] {
    return Wrong(kCertificateFile, absl::StrCat(files.certificate_file, " has no certificate that can be used"));
  };
  const BioPtr reader = Reader(texts.certificate);
  const X509Ptr own(PEM_read_bio_X509_AUX(reader.get(), nullptr, nullptr, nullptr));
  if (own == nullptr || SSL_CTX_use_certificate(context, own.get()) != 1) return refused();
  while (X509* next = PEM_read_bio_X509(reader.get(), nullptr, nullptr, nullptr)) {
    if (SSL_CTX_add0_chain_cert(context, next) == 1) continue;
    X509_free(next);
    return refused();
  }
  ERR_clear_error();
  return absl::OkStatus();
}

absl::Status UseKey(const Files& files, const PemTexts& texts, SSL_CTX* context) {
  // Nobody is there to be asked for a password.
  const KeyPtr key(PEM_read_bio_PrivateKey(Reader(texts.key).get(), nullptr, nullptr, const_cast<char*>("")));
  if (key == nullptr || SSL_CTX_use_PrivateKey(context, key.get()) != 1 || SSL_CTX_check_private_key(context) != 1) {
    return Wrong(kKeyFile, absl::StrCat(files.key_file, " has no key that fits the certificate"));
  }
  return absl::OkStatus();
}

absl::Status UseClientCa(const Files& files, const PemTexts& texts, SSL_CTX* context) {
  if (files.client_ca_file.empty()) return absl::OkStatus();
  const BioPtr reader = Reader(texts.client_ca);
  int count = 0;
  while (const X509Ptr authority{PEM_read_bio_X509(reader.get(), nullptr, nullptr, nullptr)}) {
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context), authority.get());
    SSL_CTX_add_client_CA(context, authority.get());
    ++count;
  }
  ERR_clear_error();
  if (count == 0) return Wrong(kClientCaFile, absl::StrCat(files.client_ca_file, " has no certificate"));
  const int required = files.require_client_certificate ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0;
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | required, nullptr);
  return absl::OkStatus();
}

absl::StatusOr<ContextPtr> MakeContext(const Files& files, const PemTexts& texts) {
  ContextPtr context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
  if (context == nullptr) return absl::ResourceExhaustedError("no memory for TLS");
  TB_RETURN_IF_ERROR(UseCertificate(files, texts, context.get()));
  TB_RETURN_IF_ERROR(UseKey(files, texts, context.get()));
  TB_RETURN_IF_ERROR(UseClientCa(files, texts, context.get()));
  return context;
}

}  // namespace

PemTexts::~PemTexts() { OPENSSL_cleanse(key.data(), key.size()); }

absl::StatusOr<std::optional<Loaded>> FileWatch::Look() {
  Loaded loaded;
  TB_RETURN_IF_ERROR(Read(files_, loaded.texts));
  std::string digest = DigestOf(loaded.texts);
  if (digest == digest_) return std::nullopt;
  TB_ASSIGN_OR_RETURN(loaded.context, MakeContext(files_, loaded.texts));
  digest_ = std::move(digest);
  return loaded;
}

}  // namespace tokenbroker::tls
