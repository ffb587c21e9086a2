// TLS at the gRPC door: who is let in, and which certificate is shown while the files change.
#include <unistd.h>

#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <vector>

#include "grpc/health/v1/health.grpc.pb.h"
#include "server/rpc/server_options.h"
#include "server/telemetry/log.h"
#include "tests/http/certificates.h"
#include "tests/rpc/door_fixture.h"

namespace tokenbroker::rpc {
namespace {

using http::Certificate;

constexpr char kNames[] = "DNS:localhost,IP:127.0.0.1";

class TlsTest : public DoorFixture {
 protected:
  void SetUp() override {
    std::filesystem::create_directories(folder_);
    ConfigureLog({.sink = [this](std::string_view line) { Logged(line); }});
    Install("server.pem", first_.CertificatePem());
    Install("server.key", first_.KeyPem());
    DoorFixture::SetUp();
  }
  void TearDown() override {
    DoorFixture::TearDown();
    tasks_.reset();
    resolver_.reset();
    admin_.reset();
    server_.reset();  // looks at the files no more
    ConfigureLog({});
    std::filesystem::remove_all(folder_);
  }

  TlsConfig Tls() override {
    TlsConfig config;
    config.certificate_file = folder_ / "server.pem";
    config.key_file = folder_ / "server.key";
    config.reload_interval = 10;
    return config;
  }

  // By renaming, as one should.
  void Install(const std::string& name, const std::string& text) {
    std::ofstream(folder_ / "new") << text;
    std::filesystem::rename(folder_ / "new", folder_ / name);
  }

  // A connection of its own, for a client that trusts one server.
  std::shared_ptr<grpc::Channel> Connect(const Certificate& trusted, const Certificate* own = nullptr) {
    grpc::SslCredentialsOptions options;
    options.pem_root_certs = trusted.CertificatePem();
    if (own != nullptr) {
      options.pem_cert_chain = own->CertificatePem();
      options.pem_private_key = own->KeyPem();
    }
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    return grpc::CreateCustomChannel("localhost:" + std::to_string(server_->port()), grpc::SslCredentials(options),
                                     arguments);
  }
  // Whether the server shows this one to new connections.
  bool Shows(const Certificate& certificate) { return Check(Connect(certificate)).ok(); }
  grpc::Status Check(const std::shared_ptr<grpc::Channel>& channel) {
    grpc::health::v1::HealthCheckResponse response;
    return grpc::health::v1::Health::NewStub(channel)->Check(Context().get(), {}, &response);
  }

  int CountEvents(const std::string& event) {
    const std::lock_guard lock(mutex_);
    return Count(event);
  }
  [[nodiscard]] bool AwaitEvent(const std::string& event) {
    std::unique_lock lock(mutex_);
    return logged_.wait_for(lock, kPatience, [&] { return Count(event) > 0; });
  }

  const Certificate first_{"first", kNames};
  const Certificate second_{"second", kNames};
  const std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / ("rpc_tls_" + std::to_string(getpid()));

 private:
  void Logged(std::string_view line) {
    const std::lock_guard lock(mutex_);
    lines_.emplace_back(line);
    logged_.notify_all();
  }
  int Count(const std::string& event) const {
    int count = 0;
    for (const std::string& line : lines_) count += line.find("\"" + event + "\"") != std::string::npos;
    return count;
  }

  std::mutex mutex_;
  std::condition_variable logged_;
  std::vector<std::string> lines_;
};

TEST_F(TlsTest, ShowsItsCertificate) {
  EXPECT_TRUE(Shows(first_));
  EXPECT_FALSE(Shows(second_));
}

TEST_F(TlsTest, JunkThatIsRenamedIntoPlaceChangesNothing) {
  Install("server.pem", "junk");
  ASSERT_TRUE(AwaitEvent("grpc_tls_reload_failed"));
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(Shows(first_));
  EXPECT_EQ(CountEvents("grpc_tls_reload_failed"), 1) << "once, not at every look";
  Install("server.pem", first_.CertificatePem());
  Install("server.key", "");
  EXPECT_TRUE(Shows(first_));
}

TEST_F(TlsTest, BetweenTwoRenamesTheOldPairIsShown) {
  Install("server.key", second_.KeyPem());
  ASSERT_TRUE(AwaitEvent("grpc_tls_reload_failed"));
  EXPECT_TRUE(Shows(first_));
  const auto connected = Connect(first_);
  EXPECT_TRUE(Check(connected).ok());
  Install("server.pem", second_.CertificatePem());
  ASSERT_TRUE(AwaitEvent("grpc_tls_reloaded"));
  EXPECT_TRUE(Shows(second_));
  EXPECT_FALSE(Shows(first_));
  EXPECT_TRUE(Check(connected).ok()) << "who is connected stays so";
}

TEST_F(TlsTest, APairThatDoesNotFitIsNothingToBeginWith) {
  Install("server.key", second_.KeyPem());
  const absl::Status status = MakeCredentials(Tls()).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(status.message().find("server.key has no key that fits the certificate"), absl::string_view::npos);
}

// --- Callers' certificates ---

class ClientCertificateTest : public TlsTest {
 protected:
  TlsConfig Tls() override {
    Install("ca.pem", authority_.CertificatePem());
    TlsConfig config = TlsTest::Tls();
    config.client_ca_file = folder_ / "ca.pem";
    return config;
  }
  AuthConfig Auth() override {
    AuthConfig auth;
    auth.mode = AuthMode::kKeys;
    auth.certificates.push_back({"worker.example", {{"demo", kIssue}}});
    auth.certificates.push_back({"worker-2", {{"demo", kIssue}}});
    return auth;
  }

  std::string IssueAs(const Certificate* caller) {
    pb::IssueTaskRequest request;
    request.set_namespace_("demo");
    pb::IssueTaskResponse response;
    const grpc::Status status =
        pb::TaskService::NewStub(Connect(first_, caller))->IssueTask(Context().get(), request, &response);
    return status.error_code() == grpc::StatusCode::UNAVAILABLE ? "no connection" : ReasonOf(status);
  }

  const Certificate authority_{"authority"};
  const Certificate by_name_{"worker-1", "DNS:worker.example", &authority_};
  const Certificate by_common_name_{"worker-2", "", &authority_};
  const Certificate unlisted_{"worker-3", "", &authority_};
  const Certificate stranger_{"worker-2"};
};

TEST_F(ClientCertificateTest, SaysWhoCalls) {
  EXPECT_EQ(IssueAs(&by_name_), "OK");
  EXPECT_EQ(IssueAs(&by_common_name_), "OK");
  EXPECT_EQ(IssueAs(&unlisted_), "CREDENTIALS_UNKNOWN");
  EXPECT_EQ(IssueAs(&stranger_), "no connection");
  EXPECT_EQ(IssueAs(nullptr), "CREDENTIALS_UNKNOWN") << "let in, but nobody";
}

TEST_F(ClientCertificateTest, MayBeSignedByANewAuthority) {
  const Certificate other("other authority");
  const Certificate caller("worker-2", "", &other);
  EXPECT_EQ(IssueAs(&caller), "no connection");
  Install("ca.pem", other.CertificatePem());
  ASSERT_TRUE(AwaitEvent("grpc_tls_reloaded"));
  EXPECT_EQ(IssueAs(&caller), "OK");
  EXPECT_EQ(IssueAs(&by_name_), "no connection");
}

class RequiredCertificateTest : public ClientCertificateTest {
 protected:
  TlsConfig Tls() override {
    TlsConfig config = ClientCertificateTest::Tls();
    config.require_client_certificate = true;
    return config;
  }
};

TEST_F(RequiredCertificateTest, KeepsOutWhoHasNone) {
  EXPECT_EQ(IssueAs(&by_name_), "OK");
  EXPECT_EQ(IssueAs(nullptr), "no connection");
}

}  // namespace
}  // namespace tokenbroker::rpc
