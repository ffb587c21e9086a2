// The command line against the real broker: over TLS, and from a backup to serving from it.
#include <sys/wait.h>

#include <filesystem>
#include <string>
#include <vector>

#include "tests/e2e/certificate.h"
#include "tests/e2e/fixture.h"
#include "tests/testing/child_process.h"

namespace tokenbroker::testing {
namespace {

class TokenctlTest : public BrokerTest {
 protected:
  CommandResult Tokenctl(const std::vector<std::string>& arguments) {
    std::vector<std::string> command = {TOKENCTL_BINARY, "--address",
                                        "localhost:" + std::to_string(process().grpc_port()), "--namespace", "e2e"};
    command.insert(command.end(), arguments.begin(), arguments.end());
    return RunCommand(command);
  }

  void UseCertificate(const std::string& name) {
    const Certificate made = MakeCertificate();
    ReplaceFile(folder() + "/" + name, made.certificate);
    ReplaceFile(folder() + "/tls.crt", made.certificate);
    ReplaceFile(folder() + "/tls.key", made.key);
  }
  CommandResult IssueTrusting(const std::string& name) {
    return Tokenctl({"--tls-ca", folder() + "/" + name, "--timeout", "2s", "issue", "-o", "id"});
  }
  void StartWithTls() {
    Start({"--tls-certificate-file", folder() + "/tls.crt", "--tls-key-file", folder() + "/tls.key",
           "--tls-reload-interval", "1s"});
  }
};

TEST_F(TokenctlTest, SpeaksTlsWithWhomItTrustsAlone) {
  UseCertificate("ours.crt");
  StartWithTls();
  EXPECT_TRUE(IssueTrusting("ours.crt").ok());
  ReplaceFile(folder() + "/other.crt", MakeCertificate().certificate);
  EXPECT_FALSE(IssueTrusting("other.crt").ok());
  EXPECT_FALSE(Tokenctl({"--timeout", "2s", "issue"}).ok()) << "without TLS";
}

TEST_F(TokenctlTest, ARenewedCertificateIsShownWithoutARestart) {
  UseCertificate("first.crt");
  StartWithTls();
  ASSERT_TRUE(IssueTrusting("first.crt").ok());
  UseCertificate("second.crt");
  const TimeMs until = NowMs() + 30'000;
  while (!IssueTrusting("second.crt").ok()) ASSERT_LT(NowMs(), until) << "the new certificate is not shown";
  EXPECT_FALSE(IssueTrusting("first.crt").ok());
}

TEST_F(TokenctlTest, ABackupIsTakenVerifiedRestoredAndServedFrom) {
  const std::string backups = folder() + "/backups";
  std::filesystem::create_directories(backups);
  Start({"--storage-backup-root", backups});
  const CommandResult issued = Tokenctl({"issue", "--key", "order-17", "-o", "token"});
  ASSERT_TRUE(issued.ok()) << issued.output;
  const std::string token = issued.output.substr(0, issued.output.find('\n'));
  const CommandResult backup = Tokenctl({"backup", backups + "/one", "-o", "id"});
  EXPECT_TRUE(backup.ok()) << backup.output;
  EXPECT_EQ(backup.output, backups + "/one\n");
  EXPECT_FALSE(Tokenctl({"backup", backups + "/one"}).ok()) << "it is there already";
  EXPECT_TRUE(Tokenctl({"issue", "--key", "later"}).ok());
  EXPECT_EQ(Stop(), 0);

  const CommandResult verified = RunCommand({broker_.binary, "verify", backups + "/one"});
  EXPECT_TRUE(verified.ok()) << verified.output;
  const std::string keys = broker_.data() + "/token-keys.json";
  broker_.folder = folder() + "/restored";
  std::filesystem::create_directories(broker_.data());
  const CommandResult restored = RunCommand({broker_.binary, "restore", backups + "/one", broker_.data()});
  ASSERT_TRUE(restored.ok()) << restored.output;
  EXPECT_NE(restored.output.find("without it the broker\ndoes not start"), std::string::npos) << restored.output;
  std::filesystem::copy_file(keys, broker_.data() + "/token-keys.json");
  EXPECT_FALSE(RunCommand({broker_.binary, "restore", backups + "/one", broker_.data()}).ok()) << "not empty any more";
  Start();
  const CommandResult settled = Tokenctl({"succeed", token, "--output", "1"});
  EXPECT_TRUE(settled.ok()) << settled.output;
  EXPECT_TRUE(Tokenctl({"get", "--key", "order-17"}).ok());
  EXPECT_FALSE(Tokenctl({"get", "--key", "later"}).ok()) << "what came after the backup is not in it";
  EXPECT_EQ(Stop(), 0);
  broker_.folder = std::filesystem::path(broker_.folder).parent_path();
}

}  // namespace
}  // namespace tokenbroker::testing
