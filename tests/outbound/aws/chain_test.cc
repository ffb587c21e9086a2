#include "server/outbound/aws/chain.h"

#include <gtest/gtest.h>

#include "server/outbound/aws/container_source.h"
#include "server/outbound/aws/endpoint.h"
#include "server/outbound/aws/environment_source.h"
#include "server/outbound/aws/instance_source.h"
#include "server/outbound/aws/sts_source.h"
#include "tests/outbound/aws/fake_world.h"

namespace tokenbroker::outbound::aws {
namespace {

constexpr char kSts[] = "POST https://sts.eu-west-1.amazonaws.com/";
constexpr char kEcs[] = "GET http://169.254.170.2/v2/credentials/1";
constexpr char kImds[] = "http://169.254.169.254/latest/";
constexpr char kExpiration[] = "2026-11-20T19:16:06Z";

std::string ContainerJson(const std::string& id) {
  return R"({"Code":"Success","AccessKeyId":")" + id + R"(","SecretAccessKey":"sk","Token":"t","Expiration":")" +
         kExpiration + "\"}";
}

std::string StsXml(const std::string& id) {
  return "<AssumeRoleResponse xmlns=\"x\"><AssumeRoleResult><Credentials><AccessKeyId>" + id +
         "</AccessKeyId><SecretAccessKey>s&amp;k</SecretAccessKey><SessionToken>t</SessionToken><Expiration>" +
         kExpiration + "</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>";
}

class ChainTest : public testing::Test {
 protected:
  absl::StatusOr<Credentials> Chain(const std::string& profile = "") {
    return Fetch(StandardChain(world_.surroundings(), profile, "eu-west-1"));
  }
  std::string Winner() {
    const auto credentials = Chain();
    return credentials.ok() ? credentials->access_key_id : std::string(credentials.status().message());
  }
  void SetInstance() {
    world_.pages[std::string("PUT ") + kImds + "api/token"] = Answered(200, "imds-token");
    world_.pages[std::string("GET ") + kImds + "meta-data/iam/security-credentials/"] = Answered(200, "role\n");
    world_.pages[std::string("GET ") + kImds + "meta-data/iam/security-credentials/role"] =
        Answered(200, ContainerJson("instance"));
  }
  void SetWebIdentity() {
    world_.variables["AWS_WEB_IDENTITY_TOKEN_FILE"] = "/token";
    world_.variables["AWS_ROLE_ARN"] = "arn:aws:iam::1:role/r";
    world_.files["/token"] = "jwt.of+it\n";
    world_.pages[kSts] = Answered(200, StsXml("web"));
  }

  FakeWorld world_;
};

TEST_F(ChainTest, AsksInTheOrderOfTheSdks) {
  EXPECT_NE(Winner().find("no AWS credentials are set up: AWS_ACCESS_KEY_ID is not set; "), std::string::npos);
  SetInstance();
  EXPECT_EQ(Winner(), "instance");
  world_.variables["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] = "/v2/credentials/1";
  world_.pages[kEcs] = Answered(200, ContainerJson("container"));
  EXPECT_EQ(Winner(), "container");
  world_.files["/home/me/.aws/credentials"] = "[default]\naws_access_key_id=profile\naws_secret_access_key=s\n";
  EXPECT_EQ(Winner(), "profile");
  SetWebIdentity();
  EXPECT_EQ(Winner(), "web");
  world_.variables["AWS_ACCESS_KEY_ID"] = "environment";
  world_.variables["AWS_SECRET_ACCESS_KEY"] = "s";
  EXPECT_EQ(Winner(), "environment");
  EXPECT_EQ(Chain("default")->access_key_id, "profile");
}

TEST_F(ChainTest, WhatIsSetUpWrongIsNotPassedOver) {
  SetInstance();
  world_.variables["AWS_ACCESS_KEY_ID"] = "half";
  EXPECT_EQ(Winner(), "AWS_ACCESS_KEY_ID is set, but not AWS_SECRET_ACCESS_KEY");
}

TEST_F(ChainTest, EnvironmentTakesTemporaryCredentials) {
  world_.variables["AWS_ACCESS_KEY_ID"] = "a";
  world_.variables["AWS_SECRET_ACCESS_KEY"] = "b";
  world_.variables["AWS_SESSION_TOKEN"] = "c";
  EXPECT_EQ(*Chain(), (Credentials{"a", "b", "c", 0}));
}

TEST_F(ChainTest, WebIdentityShowsTheFilesTokenUnsigned) {
  SetWebIdentity();
  EXPECT_EQ(*Chain(), (Credentials{"web", "s&k", "t", kNow + 3'600'000}));
  const HttpRequest& request = world_.http.requests.back();
  EXPECT_EQ(request.body,
            "Version=2011-06-15&Action=AssumeRoleWithWebIdentity&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fr&"
            "RoleSessionName=tokenbroker&WebIdentityToken=jwt.of%2Bit");
  EXPECT_EQ(FieldOf(request, "Authorization"), "");
  world_.files.erase("/token");
  EXPECT_EQ(Winner(), "web identity token: cannot read /token");
}

TEST_F(ChainTest, StsErrorsSayWhoAndWhyWithoutTheToken) {
  SetWebIdentity();
  world_.pages[kSts] = Answered(403,
                                "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code>"
                                "<Message>Not authorized</Message></Error></ErrorResponse>");
  EXPECT_EQ(Chain().status(), absl::FailedPreconditionError("AssumeRoleWithWebIdentity of arn:aws:iam::1:role/r: HTTP "
                                                            "403, AccessDenied: Not authorized"));
  world_.pages[kSts] = Answered(503);
  EXPECT_EQ(Chain().status().code(), absl::StatusCode::kUnavailable);
  world_.pages[kSts] = Answered(200, "<html>");
  EXPECT_EQ(Chain().status().code(), absl::StatusCode::kUnavailable);
}

TEST_F(ChainTest, ARoleIsAssumedWithTheBaseCredentials) {
  world_.variables["AWS_ACCESS_KEY_ID"] = "AKBASE";
  world_.variables["AWS_SECRET_ACCESS_KEY"] = "s";
  world_.pages[kSts] = Answered(200, StsXml("assumed"));
  const CredentialsSource source = FromRole(
      world_.surroundings(), FromEnvironment(world_.surroundings()),
      {.arn = "arn:r", .external_id = "x y", .session_name = "n", .duration_seconds = 900, .region = "eu-west-1"});
  EXPECT_EQ(Fetch(source)->access_key_id, "assumed");
  const HttpRequest& request = world_.http.requests.back();
  EXPECT_EQ(
      request.body,
      "Version=2011-06-15&Action=AssumeRole&RoleArn=arn%3Ar&RoleSessionName=n&DurationSeconds=900&ExternalId=x%20y");
  EXPECT_EQ(FieldOf(request, "Authorization").substr(0, 73),
            "AWS4-HMAC-SHA256 Credential=AKBASE/20261120/eu-west-1/sts/aws4_request, S");
  world_.variables.erase("AWS_ACCESS_KEY_ID");
  world_.variables.erase("AWS_SECRET_ACCESS_KEY");
  EXPECT_EQ(Fetch(source).status(),
            absl::FailedPreconditionError("credentials to assume arn:r with: AWS_ACCESS_KEY_ID is not set"));
}

TEST_F(ChainTest, TheStsEndpointCanBeAnother) {
  SetWebIdentity();
  world_.variables["AWS_ENDPOINT_URL_STS"] = "http://127.0.0.1:1";
  world_.pages["POST http://127.0.0.1:1/"] = Answered(200, StsXml("local"));
  EXPECT_EQ(Winner(), "local");
}

TEST_F(ChainTest, ContainersShowTheirToken) {
  world_.variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = "http://169.254.170.23/v1/credentials";
  world_.variables["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] = "/eks";
  world_.files["/eks"] = "eks-token\n";
  world_.pages["GET http://169.254.170.23/v1/credentials"] = Answered(200, ContainerJson("eks"));
  EXPECT_EQ(*Chain(), (Credentials{"eks", "sk", "t", kNow + 3'600'000}));
  EXPECT_EQ(FieldOf(world_.http.requests.back(), "Authorization"), "eks-token");
}

TEST_F(ChainTest, AContainersTokenGoesToNoStranger) {
  world_.variables["AWS_CONTAINER_AUTHORIZATION_TOKEN"] = "t";
  for (const char* uri : {"http://example.com/", "http://10.0.0.1/", "http://169.254.169.254/", "nonsense",
                          "http://localhost.example.com/"}) {
    world_.variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = uri;
    EXPECT_EQ(Fetch(FromContainer(world_.surroundings())).status().code(), absl::StatusCode::kFailedPrecondition)
        << uri;
  }
  EXPECT_TRUE(world_.http.requests.empty());
  for (const char* uri : {"https://example.com/", "http://localhost:8080/", "http://127.0.0.1/", "http://[::1]/"}) {
    world_.variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = uri;
    EXPECT_EQ(Fetch(FromContainer(world_.surroundings())).status().code(), absl::StatusCode::kUnavailable) << uri;
  }
}

TEST_F(ChainTest, InstancesAreAskedByVersion2) {
  SetInstance();
  EXPECT_EQ(*Fetch(FromInstance(world_.surroundings())), (Credentials{"instance", "sk", "t", kNow + 3'600'000}));
  ASSERT_EQ(world_.http.requests.size(), 3u);
  EXPECT_EQ(FieldOf(world_.http.requests[0], "X-aws-ec2-metadata-token-ttl-seconds"), "21600");
  EXPECT_EQ(FieldOf(world_.http.requests[2], "X-aws-ec2-metadata-token"), "imds-token");
  EXPECT_LE(world_.http.requests[0].timeout, 1'000);
}

TEST_F(ChainTest, WithoutAMetadataServiceOrARoleThereIsNothing) {
  EXPECT_TRUE(absl::IsNotFound(Fetch(FromInstance(world_.surroundings())).status()));
  SetInstance();
  world_.pages[std::string("GET ") + kImds + "meta-data/iam/security-credentials/"] = Answered(404);
  EXPECT_TRUE(absl::IsNotFound(Fetch(FromInstance(world_.surroundings())).status()));
  SetInstance();
  world_.pages[std::string("GET ") + kImds + "meta-data/iam/security-credentials/role"] = Answered(500);
  EXPECT_EQ(Fetch(FromInstance(world_.surroundings())).status().code(), absl::StatusCode::kUnavailable);
  world_.variables["AWS_EC2_METADATA_DISABLED"] = "true";
  EXPECT_TRUE(absl::IsNotFound(Fetch(FromInstance(world_.surroundings())).status()));
}

TEST(Endpoint, IsInTheRegionsPartition) {
  EXPECT_EQ(EndpointOf("states", "eu-west-1"), "https://states.eu-west-1.amazonaws.com");
  EXPECT_EQ(EndpointOf("states", "cn-north-1"), "https://states.cn-north-1.amazonaws.com.cn");
  EXPECT_EQ(EndpointOf("states", "us-gov-west-1"), "https://states.us-gov-west-1.amazonaws.com");
  EXPECT_EQ(AccountOf("arn:aws:iam::123456789012:role/x"), "123456789012");
  EXPECT_EQ(AccountOf("role/x"), "");
}

}  // namespace
}  // namespace tokenbroker::outbound::aws
