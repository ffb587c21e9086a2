#include "server/targets/target_factory.h"

#include <gtest/gtest.h>

#include "tests/outbound/aws/fake_world.h"
#include "tests/targets/fixtures.h"

namespace tokenbroker::targets {
namespace {

constexpr char kAssumed[] =
    "<Credentials><AccessKeyId>assumed</AccessKeyId><SecretAccessKey>s</SecretAccessKey></Credentials>";

class TargetFactoryTest : public testing::Test {
 protected:
  TargetFactoryTest() {
    world_.variables["AWS_ACCESS_KEY_ID"] = "base";
    world_.variables["AWS_SECRET_ACCESS_KEY"] = "s";
    world_.http.answer = [](const outbound::HttpRequest& request) {
      return request.url.find("sts") == std::string::npos ? outbound::Answered(200, "{}")
                                                          : outbound::Answered(200, kAssumed);
    };
  }
  std::string Deliver(forward::OutcomeTarget& target) {
    forward::Answer answer;
    target.Deliver(MakeDelivery(), [&](forward::Answer the_answer) { answer = std::move(the_answer); });
    return NameOf(answer.kind);
  }
  // Whose key the last request is signed with.
  std::string Signer() {
    const std::string field = FieldOf(world_.http.requests.back(), "Authorization");
    const size_t begin = field.find('=') + 1;
    return field.substr(begin, field.find('/') - begin);
  }

  outbound::aws::FakeWorld world_;
  outbound::ManualTimers timers_{world_.clock};
  TargetFactory factory_{world_.surroundings(), world_.clock, timers_};
};

TEST_F(TargetFactoryTest, FindsRegionEndpointAndCredentialsInTheSurroundings) {
  world_.variables["AWS_REGION"] = "eu-north-1";
  EXPECT_EQ(Deliver(**factory_.StepFunctions({})), "accepted");
  EXPECT_EQ(world_.http.requests.back().url, "https://states.eu-north-1.amazonaws.com/");
  EXPECT_EQ(Signer(), "base");
  world_.variables["AWS_ENDPOINT_URL_SFN"] = "http://127.0.0.1:1";
  Deliver(**factory_.StepFunctions({}));
  EXPECT_EQ(world_.http.requests.back().url, "http://127.0.0.1:1/");
  Deliver(**factory_.StepFunctions({.endpoint = "http://127.0.0.1:2/"}));
  EXPECT_EQ(world_.http.requests.back().url, "http://127.0.0.1:2/");
}

TEST_F(TargetFactoryTest, AssumesARoleOnceForAllTargetsOfIt) {
  const StepFunctionsSettings settings{.region = "r", .role_arn = "arn:aws:iam::123456789012:role/x"};
  const auto first = factory_.StepFunctions(settings);
  const auto second = factory_.StepFunctions(settings);
  EXPECT_EQ(Deliver(**first), "accepted");
  EXPECT_EQ(Signer(), "assumed");
  EXPECT_EQ(Deliver(**second), "accepted");
  EXPECT_EQ(world_.http.requests.size(), 3u) << "one AssumeRole and two calls";
}

TEST_F(TargetFactoryTest, TargetsOfOneAccountAndRegionShareItsQuota) {
  factory_.quotas().Grant("123456789012", "r", {1, 1});
  const StepFunctionsSettings settings{
      .region = "r", .role_arn = "arn:aws:iam::123456789012:role/x", .longest_wait = 0};
  const auto first = factory_.StepFunctions(settings);
  const auto second = factory_.StepFunctions(settings);
  EXPECT_EQ(Deliver(**first), "accepted");
  EXPECT_EQ(Deliver(**second), "throttled");
  EXPECT_EQ(Deliver(**factory_.StepFunctions({.region = "other"})), "accepted");
}

TEST_F(TargetFactoryTest, AQuotaThatIsSetHoldsForAllTargetsOfTheAccountAndRegion) {
  StepFunctionsSettings settings{.region = "r", .account = "one", .quota_burst = 1, .quota_per_second = 1};
  settings.longest_wait = 0;
  EXPECT_EQ(Deliver(**factory_.StepFunctions(settings)), "accepted");
  settings.quota_burst = settings.quota_per_second = 0;
  EXPECT_EQ(Deliver(**factory_.StepFunctions(settings)), "throttled");
  settings.account = "two";
  EXPECT_EQ(Deliver(**factory_.StepFunctions(settings)), "accepted");
}

TEST_F(TargetFactoryTest, OneSettingOfAQuotaLeavesTheOtherAsPublished) {
  const auto target = factory_.StepFunctions({.region = "eu-west-1", .account = "one", .quota_per_second = 2'000});
  EXPECT_EQ(Deliver(**target), "accepted");
  const auto quota = factory_.quotas().For("one", "eu-west-1", "SendTaskSuccess");
  EXPECT_EQ(quota->rate(), 2'000);
  EXPECT_GT(quota->available(), 2'900);
}

TEST_F(TargetFactoryTest, RefusesTwoQuotasForOneAccountAndRegion) {
  StepFunctionsSettings settings{.region = "r", .account = "one", .quota_per_second = 10};
  EXPECT_TRUE(factory_.StepFunctions(settings).ok());
  EXPECT_TRUE(factory_.StepFunctions(settings).ok());
  settings.quota_per_second = 11;
  EXPECT_EQ(
      factory_.StepFunctions(settings).status(),
      absl::InvalidArgumentError("quota_per_second: another quota was set for the same account and region (one, r)"));
}

TEST_F(TargetFactoryTest, SaysWhatIsMissing) {
  EXPECT_EQ(factory_.StepFunctions({}).status(),
            absl::InvalidArgumentError("region: must be set: neither AWS_REGION nor the profile says which"));
  EXPECT_EQ(factory_.Proxy({.region = "r", .endpoint = "states"}).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(factory_.Webhook({.url = "nowhere"}).status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace tokenbroker::targets
