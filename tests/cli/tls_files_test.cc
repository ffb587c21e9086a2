#include "cli/tls_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "cli/client.h"
#include "tests/e2e/certificate.h"

namespace tokenbroker::cli {
namespace {

using ::testing::HasSubstr;

class TlsFilesTest : public ::testing::Test {
 protected:
  TlsFilesTest() {
    std::string path = ::testing::TempDir() + "/tls-XXXXXX";
    folder_ = mkdtemp(path.data());
    settings_.tls = true;
  }
  ~TlsFilesTest() override { std::filesystem::remove_all(folder_); }

  std::string Write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ + "/" + name) << text;
    return folder_ + "/" + name;
  }
  std::string Refusal() {
    const absl::Status error = Connect(settings_).status();
    EXPECT_TRUE(absl::IsInvalidArgument(error)) << error;
    return std::string(error.message());
  }

  const tokenbroker::testing::Certificate ours_ = tokenbroker::testing::MakeCertificate();
  const tokenbroker::testing::Certificate other_ = tokenbroker::testing::MakeCertificate();
  std::string folder_;
  Settings settings_;
};

TEST_F(TlsFilesTest, AreTakenOverAsTheyAre) {
  settings_.tls_ca = Write("ca", ours_.certificate + "\n" + other_.certificate);
  settings_.tls_cert = Write("cert", ours_.certificate);
  settings_.tls_key = Write("key", ours_.key);
  const auto files = ReadTlsFiles(settings_);
  ASSERT_TRUE(files.ok()) << files.status();
  EXPECT_EQ(files->roots, ours_.certificate + "\n" + other_.certificate);
  EXPECT_EQ(files->certificate, ours_.certificate);
  EXPECT_EQ(files->key, ours_.key);
}

TEST_F(TlsFilesTest, RootsThatAreNoCertificatesAreRefused) {
  std::string damaged = other_.certificate;
  damaged.replace(damaged.size() / 2, 4, "!!!!");
  for (const std::string& text : {std::string("nonsense"), std::string(), ours_.key, ours_.certificate + damaged}) {
    settings_.tls_ca = Write("ca", text);
    EXPECT_THAT(Refusal(), HasSubstr("--tls-ca"));
  }
}

TEST_F(TlsFilesTest, AKeyThatIsNoneOrNotThatOfTheCertificateIsRefused) {
  settings_.tls_cert = Write("cert", ours_.certificate);
  for (const std::string& text : {other_.key, ours_.certificate, std::string("nonsense")}) {
    settings_.tls_key = Write("key", text);
    EXPECT_THAT(Refusal(), HasSubstr("--tls-key"));
  }
  settings_.tls_cert = Write("cert", ours_.key);
  EXPECT_THAT(Refusal(), HasSubstr("--tls-cert"));
}

}  // namespace
}  // namespace tokenbroker::cli
