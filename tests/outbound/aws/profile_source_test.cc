#include "server/outbound/aws/profile_source.h"

#include <gtest/gtest.h>

#include "tests/outbound/aws/fake_world.h"

namespace tokenbroker::outbound::aws {
namespace {

constexpr char kAssumed[] =
    "<Credentials><AccessKeyId>assumed</AccessKeyId><SecretAccessKey>s</SecretAccessKey></Credentials>";

class ProfileTest : public testing::Test {
 protected:
  // The access key id, or what is wrong.
  std::string Of(const std::string& profile, const std::string& config) {
    world_.files["/home/me/.aws/config"] = config;
    world_.pages["POST https://sts.r.amazonaws.com/"] = Answered(200, kAssumed);
    const auto credentials = Fetch(FromProfile(world_.surroundings(), profile, "r"));
    return credentials.ok() ? credentials->access_key_id : std::string(credentials.status().message());
  }
  std::string Signer() {
    const std::string field = FieldOf(world_.http.requests.back(), "Authorization");
    return field.substr(0, field.find('/'));
  }

  FakeWorld world_;
};

constexpr char kKeys[] = "[profile keys]\naws_access_key_id = AK\naws_secret_access_key = SK\n";

TEST_F(ProfileTest, HasKeys) {
  EXPECT_EQ(Of("keys", kKeys), "AK");
  EXPECT_EQ(Of("keys", "[profile keys]\naws_access_key_id = AK\n"), "profile keys: aws_secret_access_key is missing");
}

TEST_F(ProfileTest, AssumesARoleFromAnotherProfile) {
  EXPECT_EQ(Of("p", std::string(kKeys) + "[profile p]\nrole_arn = arn:p\nsource_profile = keys\nexternal_id = e\n"
                                         "role_session_name = me\nduration_seconds = 1200\n"),
            "assumed");
  EXPECT_EQ(Signer(), "AWS4-HMAC-SHA256 Credential=AK");
  EXPECT_EQ(
      world_.http.requests.back().body,
      "Version=2011-06-15&Action=AssumeRole&RoleArn=arn%3Ap&RoleSessionName=me&DurationSeconds=1200&ExternalId=e");
}

TEST_F(ProfileTest, AssumesRolesInARow) {
  EXPECT_EQ(Of("c", std::string(kKeys) + "[profile b]\nrole_arn = arn:b\nsource_profile = keys\n"
                                         "[profile c]\nrole_arn = arn:c\nsource_profile = b\n"),
            "assumed");
  EXPECT_EQ(world_.http.requests.size(), 2u);
  EXPECT_EQ(Signer(), "AWS4-HMAC-SHA256 Credential=assumed");
}

TEST_F(ProfileTest, ARoleMayHaveItsOwnKeysAsSource) {
  EXPECT_EQ(Of("p",
               "[profile p]\nrole_arn = arn:p\nsource_profile = p\naws_access_key_id = OWN\n"
               "aws_secret_access_key = s\n"),
            "assumed");
  EXPECT_EQ(Signer(), "AWS4-HMAC-SHA256 Credential=OWN");
}

TEST_F(ProfileTest, ARoleMayHaveAnotherKindOfSource) {
  world_.variables["AWS_ACCESS_KEY_ID"] = "ENV";
  world_.variables["AWS_SECRET_ACCESS_KEY"] = "s";
  EXPECT_EQ(Of("p", "[profile p]\nrole_arn = arn:p\ncredential_source = Environment\n"), "assumed");
  EXPECT_EQ(Signer(), "AWS4-HMAC-SHA256 Credential=ENV");
  world_.files["/jwt"] = "jwt";
  EXPECT_EQ(Of("p", "[profile p]\nrole_arn = arn:p\nweb_identity_token_file = /jwt\n"), "assumed");
  EXPECT_EQ(Signer(), "");
}

TEST_F(ProfileTest, SaysWhatIsWrong) {
  const struct {
    const char* config;
    const char* said;
  } kCases[] = {
      {"", "profile p: there is no such profile"},
      {"[profile p]\nregion = r\n", "profile p has no credentials"},
      {"[profile p]\ncredential_process = x\n", "profile p: credential_process is not supported"},
      {"[profile p]\nrole_arn = a\n", "profile p: role_arn needs a source_profile or a credential_source"},
      {"[profile p]\nrole_arn = a\nsource_profile = q\n", "profile q: there is no such profile"},
      {"[profile p]\nrole_arn = a\nsource_profile = q\n[profile q]\nrole_arn = b\nsource_profile = p\n",
       "profile p: its source_profile leads back to it"},
      {"[profile p]\nrole_arn = a\ncredential_source = Magic\n",
       "profile p: credential_source must be Environment, EcsContainer or Ec2InstanceMetadata"},
      {"[profile p]\nrole_arn = a\nmfa_serial = m\n", "profile p: a role that wants MFA cannot be assumed by a server"},
      {"[profile p]\nrole_arn = a\nsource_profile = p\nduration_seconds = long\n",
       "profile p: duration_seconds is no number"},
      {"[profile p]\nsso_session = s\n", "SSO: there is no [sso-session s]"},
      {"[profile p]\nsso_start_url = u\n", "SSO: sso_region is missing"},
  };
  for (const auto& each : kCases) EXPECT_EQ(Of("p", each.config), each.said);
}

constexpr char kSso[] =
    "[sso-session corp]\nsso_region = us-east-2\nsso_start_url = https://corp\n"
    "[profile p]\nsso_session = corp\nsso_account_id = 123456789012\nsso_role_name = Dev\n";
// sha1("corp")
constexpr char kCache[] = "/home/me/.aws/sso/cache/ee0bfd2552fbd840c02cc48b6e823320543c450f.json";

TEST_F(ProfileTest, UsesALogin) {
  world_.files[kCache] = R"({"accessToken":"sso-token","expiresAt":"2026-11-20T20:00:00Z"})";
  world_.pages
      ["GET https://portal.sso.us-east-2.amazonaws.com/federation/credentials?role_name=Dev&"
       "account_id=123456789012"] =
      Answered(200, R"({"roleCredentials":{"accessKeyId":"SSO","secretAccessKey":"s","sessionToken":"t",)"
                    R"("expiration":1795202166000}})");
  EXPECT_EQ(Of("p", kSso), "SSO");
  EXPECT_EQ(FieldOf(world_.http.requests.back(), "x-amz-sso_bearer_token"), "sso-token");
}

TEST_F(ProfileTest, AsksForALoginWhereThereIsNone) {
  EXPECT_EQ(Of("p", kSso), "SSO: nobody is logged in: run aws sso login");
  world_.files[kCache] = R"({"accessToken":"sso-token","expiresAt":"2026-11-20T18:00:00Z"})";
  EXPECT_EQ(Of("p", kSso), "SSO: the login has expired: run aws sso login");
  world_.files[kCache] = "{";
  EXPECT_EQ(Of("p", kSso), "SSO: the login's cache cannot be read: run aws sso login");
}

}  // namespace
}  // namespace tokenbroker::outbound::aws
