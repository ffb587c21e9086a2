#include "server/rpc/tls_credentials.h"

#include <grpc/grpc.h>
#include <pthread.h>

#include <chrono>
#include <optional>
#include <utility>

#include "base/status_macros.h"

namespace tokenbroker::rpc {
namespace {

grpc_ssl_client_certificate_request_type WhatClientsAreAsked(const tls::Files& files) {
  if (files.client_ca_file.empty()) return GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE;
  return files.require_client_certificate ? GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY
                                          : GRPC_SSL_REQUEST_CLIENT_CERTIFICATE_AND_VERIFY;
}

}  // namespace

absl::StatusOr<std::shared_ptr<TlsCredentials>> TlsCredentials::Load(const tls::Files& files) {
  std::shared_ptr<TlsCredentials> credentials(new TlsCredentials(files));
  TB_RETURN_IF_ERROR(credentials->Reload().status());
  credentials->thread_ = std::thread([self = credentials.get()] { self->Run(); });
  pthread_setname_np(credentials->thread_.native_handle(), "grpc_tls");
  return credentials;
}

TlsCredentials::TlsCredentials(const tls::Files& files) : files_(files), watch_(files) {
  core_.reset(grpc_ssl_server_credentials_create_with_options(
      grpc_ssl_server_credentials_create_options_using_config_fetcher(WhatClientsAreAsked(files), Fetch, this)));
}

TlsCredentials::~TlsCredentials() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
}

int TlsCredentials::AddPortToServer(const std::string& address, grpc_server* server) {
  return grpc_server_add_http2_port(server, address.c_str(), core_.get());
}

grpc_ssl_certificate_config_reload_status TlsCredentials::Fetch(void* self,
                                                                grpc_ssl_server_certificate_config** config) {
  auto& credentials = *static_cast<TlsCredentials*>(self);
  const std::lock_guard lock(credentials.mutex_);
  if (credentials.fresh_ == nullptr) return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_UNCHANGED;
  *config = credentials.fresh_.release();
  return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_NEW;
}

absl::StatusOr<bool> TlsCredentials::Reload() {
  TB_ASSIGN_OR_RETURN(const std::optional<tls::Loaded> loaded, watch_.Look());
  if (!loaded.has_value()) return false;
  const tls::PemTexts& texts = loaded->texts;
  const grpc_ssl_pem_key_cert_pair pair{texts.key.c_str(), texts.certificate.c_str()};
  // gRPC insists on authorities also where callers are not asked for a certificate, and does not use them then.
  const std::string& authorities = files_.client_ca_file.empty() ? texts.certificate : texts.client_ca;
  CertificatePtr fresh(grpc_ssl_server_certificate_config_create(authorities.c_str(), &pair, 1));
  const std::lock_guard lock(mutex_);
  fresh_ = std::move(fresh);
  return true;
}

void TlsCredentials::Run() {
  std::unique_lock lock(mutex_);
  while (!wake_.wait_for(lock, std::chrono::milliseconds(files_.reload_interval), [this] { return stopping_; })) {
    lock.unlock();
    log_.Tell(Reload());
    lock.lock();
  }
}

}  // namespace tokenbroker::rpc
