#include "cli/settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <map>

namespace tokenbroker::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class SettingsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    path_ = ::testing::TempDir() + "tokenctl_settings_" +
            ::testing::UnitTest::GetInstance()->current_test_info()->name() + ".yaml";
    environment_["TOKENBROKER_CONFIG"] = path_;
  }
  void TearDown() override { std::remove(path_.c_str()); }

  void WriteFile(const std::string& text) { std::ofstream(path_) << text; }

  absl::StatusOr<Settings> Get() {
    return Decide(flags_, [this](const std::string& name) -> std::optional<std::string> {
      const auto found = environment_.find(name);
      if (found == environment_.end()) return std::nullopt;
      return found->second;
    });
  }

  std::string path_;
  std::map<std::string, std::string> environment_;
  ConnectionFlags flags_;
};

constexpr char kTwoProfiles[] = R"(default_profile: test
profiles:
  test: {address: test:1, namespace: sandbox}
  prod: {address: prod:1, tls: true, timeout: 3s, api_key_file: /keys/prod}
)";

TEST_F(SettingsTest, WithNothingGivenTheDefaultsHold) {
  const auto settings = Get();
  ASSERT_TRUE(settings.ok()) << settings.status();
  EXPECT_EQ(settings->address, "127.0.0.1:7433");
  EXPECT_EQ(settings->name_space, "default");
  EXPECT_FALSE(settings->tls);
  EXPECT_EQ(settings->TimeoutOr(Settings::kDefaultTimeout), 10'000);
}

TEST_F(SettingsTest, AFlagBeatsTheEnvironmentWhichBeatsTheProfile) {
  WriteFile(kTwoProfiles);
  EXPECT_EQ(Get()->address, "test:1");
  environment_["TOKENBROKER_ADDRESS"] = "env:1";
  EXPECT_EQ(Get()->address, "env:1");
  EXPECT_EQ(Get()->name_space, "sandbox");
  flags_.address = "flag:1";
  EXPECT_EQ(Get()->address, "flag:1");
}

TEST_F(SettingsTest, AWrongAddressIsAnErrorWhereverItStands) {
  environment_["TOKENBROKER_ADDRESS"] = "env:99999";
  EXPECT_THAT(Get().status().ToString(), HasSubstr("host:port"));
  flags_.address = "http://flag:1";
  EXPECT_THAT(Get().status().ToString(), HasSubstr("http://flag:1"));
}

TEST_F(SettingsTest, AProfileIsChosenByFlagOrEnvironment) {
  WriteFile(kTwoProfiles);
  environment_["TOKENBROKER_PROFILE"] = "prod";
  EXPECT_EQ(Get()->address, "prod:1");
  EXPECT_TRUE(Get()->tls);
  EXPECT_EQ(Get()->timeout, 3'000);
  EXPECT_EQ(Get()->api_key_file, "/keys/prod");
  flags_.profile = "test";
  EXPECT_EQ(Get()->address, "test:1");
}

TEST_F(SettingsTest, AMissingProfileIsAnError) {
  WriteFile(kTwoProfiles);
  flags_.profile = "nowhere";
  EXPECT_THAT(Get().status().ToString(), HasSubstr("nowhere"));
}

TEST_F(SettingsTest, ATypingMistakeInTheFileIsAnError) {
  WriteFile("profiles:\n  default: {adress: x:1}\n");
  EXPECT_THAT(Get().status().ToString(), HasSubstr("adress"));
  WriteFile("profiles: [\n");
  EXPECT_FALSE(Get().ok());
}

TEST_F(SettingsTest, AKeyFileFlagBeatsTheKeyInTheEnvironment) {
  environment_["TOKENBROKER_API_KEY"] = "secret";
  EXPECT_EQ(Get()->api_key, "secret");
  flags_.api_key_file = "/keys/mine";
  EXPECT_EQ(Get()->api_key, "");
  EXPECT_EQ(Get()->api_key_file, "/keys/mine");
}

TEST_F(SettingsTest, TheKeyInTheEnvironmentIsTakenWithoutWhatStandsAroundIt) {
  environment_["TOKENBROKER_API_KEY"] = "two words\n";
  EXPECT_EQ(Get()->api_key, "two words");
  environment_["TOKENBROKER_API_KEY"] = "";
  EXPECT_EQ(Get()->api_key, "") << "as if it were not there";
  for (const std::string text : {"k1\n", "k1\r\n", " k1 ", "\xEF\xBB\xBFk1\n"}) {
    environment_["TOKENBROKER_API_KEY"] = text;
    ASSERT_TRUE(Get().ok()) << Get().status();
    EXPECT_EQ(Get()->api_key, "k1");
  }
}

TEST_F(SettingsTest, AKeyThatNoHeaderCanCarryIsRefusedWithoutBeingRepeated) {
  for (const std::string text : {"sec\nret", "sec\tret", "sec\x01ret", "sec\xFFret", "\n"}) {
    environment_["TOKENBROKER_API_KEY"] = text;
    EXPECT_EQ(Get().status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(Get().status().message()), HasSubstr("TOKENBROKER_API_KEY"));
    EXPECT_THAT(std::string(Get().status().message()), Not(HasSubstr("sec")));
  }
}

TEST_F(SettingsTest, CertificateFilesImplyTls) {
  environment_["TOKENBROKER_TLS_CA"] = "/ca.pem";
  EXPECT_TRUE(Get()->tls);
  environment_["TOKENBROKER_TLS"] = "maybe";
  EXPECT_FALSE(Get().ok());
}

TEST_F(SettingsTest, ACertificateNeedsItsKey) {
  flags_.tls_cert = "/cert.pem";
  EXPECT_FALSE(Get().ok());
}

TEST_F(SettingsTest, NoticesAKeyThatTravelsInTheClear) {
  environment_["TOKENBROKER_API_KEY"] = "secret";
  EXPECT_FALSE(Get()->SendsKeyInTheClear());
  flags_.address = "broker.example:7433";
  EXPECT_TRUE(Get()->SendsKeyInTheClear());
  flags_.tls = true;
  EXPECT_FALSE(Get()->SendsKeyInTheClear());
}

}  // namespace
}  // namespace tokenbroker::cli
