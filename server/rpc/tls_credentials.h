// The gRPC door's certificate, which changes while it runs. gRPC's own FileWatcherCertificateProvider is not used: it
// takes a certificate and a key that do not fit (they are renamed one after the other), and then every new connection
// fails.
#pragma once

#include <grpc/grpc_security.h>
#include <grpcpp/security/server_credentials.h>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "absl/status/statusor.h"
#include "server/tls/reload_log.h"
#include "server/tls/tls_files.h"

namespace tokenbroker::rpc {

// For one port of one server, which it outlives: gRPC asks it at every handshake. Looks at the files on a thread of its
// own. TLS 1.2 at least, which is gRPC's default.
class TlsCredentials : public grpc::ServerCredentials {
 public:
  // INVALID_ARGUMENT names the file that cannot be read or does not fit.
  static absl::StatusOr<std::shared_ptr<TlsCredentials>> Load(const tls::Files& files);
  ~TlsCredentials() override;
  TlsCredentials(const TlsCredentials&) = delete;
  TlsCredentials& operator=(const TlsCredentials&) = delete;

  void SetAuthMetadataProcessor(const std::shared_ptr<grpc::AuthMetadataProcessor>&) override {}

 private:
  template <auto Free>
  struct Freeing {
    template <typename T>
    void operator()(T* object) const {
      Free(object);
    }
  };
  using CertificatePtr =
      std::unique_ptr<grpc_ssl_server_certificate_config, Freeing<grpc_ssl_server_certificate_config_destroy>>;
  using CorePtr = std::unique_ptr<grpc_server_credentials, Freeing<grpc_server_credentials_release>>;

  explicit TlsCredentials(const tls::Files& files);

  int AddPortToServer(const std::string& address, grpc_server* server) override;
  static grpc_ssl_certificate_config_reload_status Fetch(void* self, grpc_ssl_server_certificate_config** config);

  // Whether there is something new. A failure leaves what was.
  absl::StatusOr<bool> Reload();
  void Run();

  const tls::Files files_;
  tls::FileWatch watch_;  // the thread's own, once it runs
  tls::ReloadLog log_{"grpc"};
  CorePtr core_;

  std::mutex mutex_;
  std::condition_variable wake_;
  CertificatePtr fresh_;   // what gRPC has not got yet; guarded by mutex_
  bool stopping_ = false;  // guarded by mutex_
  std::thread thread_;
};

}  // namespace tokenbroker::rpc
