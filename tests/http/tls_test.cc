#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "tests/http/certificates.h"
#include "tests/http/server_fixture.h"

namespace tokenbroker::http {
namespace {

// A TLS client; empty strings for no certificate.
class TlsPeer {
 public:
  explicit TlsPeer(uint16_t port, const Certificate* own = nullptr) : raw_(port), context_(SSL_CTX_new(TLS_method())) {
    if (own != nullptr) {
      SSL_CTX_use_certificate(context_, own->certificate());
      SSL_CTX_use_PrivateKey(context_, own->key());
    }
    ssl_ = SSL_new(context_);
    SSL_set_fd(ssl_, raw_.fd());
    connected_ = SSL_connect(ssl_) == 1;
  }
  ~TlsPeer() {
    SSL_free(ssl_);
    SSL_CTX_free(context_);
  }
  TlsPeer(const TlsPeer&) = delete;

  bool connected() const { return connected_; }
  // All that comes until `end`, or the connection's end.
  std::string Ask(const std::string& request, const std::string& end) {
    SSL_write(ssl_, request.data(), static_cast<int>(request.size()));
    std::string all;
    char part[4096];
    while (all.find(end) == std::string::npos) {
      const int count = SSL_read(ssl_, part, sizeof(part));
      if (count <= 0) break;
      all.append(part, count);
    }
    return all;
  }
  // The common name of the server's certificate.
  std::string ServerName() {
    X509* certificate = SSL_get1_peer_certificate(ssl_);
    char name[64] = "";
    X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name, sizeof(name));
    X509_free(certificate);
    return name;
  }

 private:
  RawPeer raw_;
  SSL_CTX* context_;
  SSL* ssl_;
  bool connected_ = false;
};

class TlsTest : public ServerTest {
 protected:
  void SetUp() override {
    ServerTest::SetUp();
    folder_ = std::filesystem::temp_directory_path() / ("http_tls_" + std::to_string(getpid()));
    std::filesystem::create_directories(folder_);
    options_.tls.certificate_file = folder_ / "server.pem";
    options_.tls.key_file = folder_ / "server.key";
    Install(Certificate("first"));
    ASSERT_TRUE(router_
                    .Add({.method = Method::kGet,
                          .path = "/who",
                          .handle =
                              [](ExchangePtr exchange) {
                                std::string names = "names:";
                                for (const std::string& name : exchange->peer().certificate_names) names += name + ";";
                                exchange->Answer({.body = names + "!"});
                              }})
                    .ok());
  }
  void TearDown() override {
    ServerTest::TearDown();
    std::filesystem::remove_all(folder_);
  }
  void Write(const std::string& name, const std::string& text) { std::ofstream(folder_ / name) << text; }
  void Install(const Certificate& certificate) {
    Write("server.pem", certificate.CertificatePem());
    Write("server.key", certificate.KeyPem());
  }
  void UseClientCa(const Certificate& authority, bool required) {
    Write("ca.pem", authority.CertificatePem());
    options_.tls.client_ca_file = folder_ / "ca.pem";
    options_.tls.require_client_certificate = required;
  }
  static std::string Who(TlsPeer& peer) {
    const std::string all = peer.Ask("GET /who HTTP/1.1\r\nHost: x\r\n\r\n", "!");
    return all.substr(std::min(all.find("\r\n\r\n"), all.size()));
  }

  std::filesystem::path folder_;
};

TEST_F(TlsTest, SpeaksTls) {
  Start();
  TlsPeer peer(server_->port());
  ASSERT_TRUE(peer.connected());
  EXPECT_EQ(peer.ServerName(), "first");
  EXPECT_THAT(peer.Ask(kGet, "\r\n\r\nhi"), testing::HasSubstr("200 OK"));
  const std::string large(1'000'000, 'x');
  EXPECT_THAT(peer.Ask("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n" + large, large),
              testing::HasSubstr(large));
  EXPECT_EQ(Who(peer), "\r\n\r\nnames:!");
}

TEST_F(TlsTest, PlainHttpIsNoTls) {
  Start();
  RawPeer peer = Connect();
  peer.Send(kGet);
  EXPECT_EQ(peer.ReadAnswer().status, 0);
  EXPECT_EQ(observer_.hangups.Take(), static_cast<int>(Hangup::kHandshake));
}

TEST_F(TlsTest, ASlowHandshakeEnds) {
  Start();
  RawPeer peer = Connect();
  peer.Send("\x16\x03\x01");
  while (server_->connections() == 0) std::this_thread::yield();
  Advance(options_.limits.handshake_time + Deadlines::kCoarseness);
  EXPECT_TRUE(peer.IsClosed());
}

TEST_F(TlsTest, KnowsItsClients) {
  const Certificate authority("authority");
  const Certificate named("worker-1", "DNS:a.example,URI:spiffe://x/y,IP:127.0.0.1", &authority);
  const Certificate unnamed("worker-2", "", &authority);
  UseClientCa(authority, false);
  Start();
  TlsPeer first(server_->port(), &named);
  EXPECT_EQ(Who(first), "\r\n\r\nnames:a.example;spiffe://x/y;!");
  TlsPeer second(server_->port(), &unnamed);
  EXPECT_EQ(Who(second), "\r\n\r\nnames:worker-2;!");
  TlsPeer nobody(server_->port());
  EXPECT_EQ(Who(nobody), "\r\n\r\nnames:!");
  const Certificate stranger("worker-1");
  TlsPeer third(server_->port(), &stranger);
  EXPECT_EQ(Who(third), "");
}

TEST_F(TlsTest, MayRequireACertificate) {
  const Certificate authority("authority");
  const Certificate own("worker", "", &authority);
  UseClientCa(authority, true);
  Start();
  TlsPeer nobody(server_->port());
  EXPECT_EQ(Who(nobody), "");
  TlsPeer worker(server_->port(), &own);
  EXPECT_EQ(Who(worker), "\r\n\r\nnames:worker;!");
}

TEST_F(TlsTest, TakesUpNewFiles) {
  Start();
  TlsPeer old(server_->port());
  EXPECT_EQ(old.ServerName(), "first");
  Install(Certificate("second"));
  ASSERT_TRUE(server_->ReloadTls().ok());
  TlsPeer fresh(server_->port());
  EXPECT_EQ(fresh.ServerName(), "second");
  EXPECT_EQ(Who(old), "\r\n\r\nnames:!") << "who is connected stays so";
}

TEST_F(TlsTest, KeepsWhatItHasIfTheNewFilesDoNotFit) {
  Start();
  Write("server.pem", Certificate("second").CertificatePem());
  EXPECT_EQ(server_->ReloadTls().code(), absl::StatusCode::kInvalidArgument);
  Write("server.pem", "");
  EXPECT_EQ(server_->ReloadTls().code(), absl::StatusCode::kInvalidArgument);
  TlsPeer peer(server_->port());
  EXPECT_EQ(peer.ServerName(), "first");
}

}  // namespace
}  // namespace tokenbroker::http
