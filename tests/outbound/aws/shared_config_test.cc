#include "server/outbound/aws/shared_config.h"

#include <gtest/gtest.h>

#include "tests/outbound/aws/fake_world.h"

namespace tokenbroker::outbound::aws {
namespace {

TEST(SharedConfig, ReadsBothFiles) {
  FakeWorld world;
  world.files["/home/me/.aws/config"] =
      "# a comment\n[default]\nRegion = eu-west-1 ; mine\noutput=json\n\n[profile  dev ]\nrole_arn = a#b\ns3 =\n"
      "  max_concurrent_requests = 20\n[sso-session corp]\nsso_region=us-east-1\r\n[plugins]\nx = y\n[broken\nz = 1\n"
      "no equals sign\n";
  world.files["/home/me/.aws/credentials"] = "[default]\naws_access_key_id = AK\n[dev]\nregion = r2\n";
  const SharedConfig config = ReadSharedConfig(*world.surroundings());
  EXPECT_EQ(config.profiles.at("default"),
            (Settings{{"aws_access_key_id", "AK"}, {"output", "json"}, {"region", "eu-west-1"}}));
  EXPECT_EQ(config.profiles.at("dev"), (Settings{{"region", "r2"}, {"role_arn", "a#b"}, {"s3", ""}}));
  EXPECT_EQ(config.sso_sessions.at("corp"), (Settings{{"sso_region", "us-east-1"}}));
  EXPECT_EQ(config.profiles.size(), 2u);
}

TEST(SharedConfig, TheCredentialsFileWins) {
  FakeWorld world;
  world.variables["AWS_CONFIG_FILE"] = "/c";
  world.variables["AWS_SHARED_CREDENTIALS_FILE"] = "/s";
  world.files = {{"/c", "[profile p]\naws_access_key_id = A\n"}, {"/s", "[p]\naws_access_key_id = B\n"}};
  EXPECT_EQ(ReadSharedConfig(*world.surroundings()).profiles.at("p").at("aws_access_key_id"), "B");
}

TEST(SharedConfig, TheRegionComesFromTheEnvironmentOrTheProfile) {
  FakeWorld world;
  EXPECT_EQ(RegionOf(*world.surroundings(), ""), "");
  world.files["/home/me/.aws/config"] = "[default]\nregion = r1\n[profile p]\nregion = r2\n";
  EXPECT_EQ(RegionOf(*world.surroundings(), ""), "r1");
  EXPECT_EQ(RegionOf(*world.surroundings(), "p"), "r2");
  world.variables["AWS_PROFILE"] = "p";
  EXPECT_EQ(RegionOf(*world.surroundings(), ""), "r2");
  world.variables["AWS_DEFAULT_REGION"] = "r3";
  EXPECT_EQ(RegionOf(*world.surroundings(), ""), "r3");
  world.variables["AWS_REGION"] = "r4";
  EXPECT_EQ(RegionOf(*world.surroundings(), "p"), "r4");
}

}  // namespace
}  // namespace tokenbroker::outbound::aws
