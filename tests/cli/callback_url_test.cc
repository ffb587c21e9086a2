#include "cli/callback_url.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/cli/fake_broker.h"
#include "token/limited_token.h"
#include "token/limits.h"

namespace tokenbroker::cli {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr TimeMs kNow = 1'800'000'000'000;
constexpr char kToken[] = "T107xSCeSOpzs4ooUO6iVVKnLJUOJRAz6k60q13s";

std::string CaveatsOf(const std::string& token) {
  token::LimitedToken parts;
  return token::Split(token, parts) ? std::string(parts.caveats) : "none";
}

std::string Caveats(const UrlLimits& limits) {
  const auto token = LimitToken(kToken, limits, kNow);
  return token.ok() ? CaveatsOf(*token) : std::string(token.status().message());
}

TEST(CallbackUrl, LimitsBecomeCaveats) {
  EXPECT_EQ(*LimitToken(kToken, {}, kNow), kToken);
  EXPECT_EQ(Caveats({{"heartbeat"}, ""}), "A1");
  EXPECT_EQ(Caveats({{"succeed", "fail=Rejected"}, ""}), "A6E18Rejected");
  EXPECT_EQ(Caveats({{"fail=A", "fail=B", "read"}, ""}), "ACE21A1B");
  EXPECT_EQ(Caveats({{"fail=A", "fail"}, ""}), "A4") << "any error, then";
  EXPECT_EQ(Caveats({{}, "1h"}), "B1xodA8");
  EXPECT_EQ(Caveats({{}, "2027-01-15T09:00:00Z"}), "B1xodA8");
  EXPECT_EQ(Caveats({{"succeed"}, "1h"}), "A2B1xodA8");
}

TEST(CallbackUrl, WhatCannotBeReadIsExplained) {
  EXPECT_THAT(Caveats({{"suceed"}, ""}), HasSubstr("not \"suceed\""));
  EXPECT_THAT(Caveats({{"fail="}, ""}), HasSubstr("[A-Za-z0-9._-]"));
  EXPECT_THAT(Caveats({{}, "tomorrow"}), HasSubstr("not \"tomorrow\""));
  EXPECT_THAT(LimitToken("AQCEAAAAKg", {{"succeed"}, ""}, kNow).status().message(), HasSubstr("only a task token"));
}

TEST(CallbackUrl, HasBaseTokenAndAction) {
  EXPECT_EQ(*CallbackUrl("https://b.example:8433/", "T1x", ""), "https://b.example:8433/c/T1x");
  EXPECT_EQ(*CallbackUrl("https://b.example/tasks", "T1x", "fail"), "https://b.example/tasks/c/T1x/fail");
  EXPECT_EQ(*CallbackUrl("http://b", "a+/=\"", ""), "http://b/c/a%2B%2F%3D%22");
  EXPECT_EQ(*CallbackUrl("http://b", "caf\xC3\xA9", ""), "http://b/c/caf%C3%A9");
  for (const char* base : {"", "b.example", "ftp://b", "http://", "http:///x", "http://b?x", "http://b#", "http://b c"})
    EXPECT_FALSE(CallbackUrl(base, "T1x", "").ok()) << base;
  EXPECT_FALSE(CallbackUrl("http://b", "T1x", "cancel").ok());
}

class UrlCommandTest : public ::testing::Test, protected CommandTest {};

TEST_F(UrlCommandTest, PrintsAUrlWithoutABroker) {
  ASSERT_EQ(Tokenctl({"url", kToken, "--only", "succeed", "--only", "fail=Rejected", "--before", "1h"}), 0) << err;
  EXPECT_THAT(out, StartsWith("http://127.0.0.1:8433/c/T1L07xSCeSOpzs4ooUO6iVVKnA6E18RejectedB1xodA8"));
  EXPECT_THAT(out, EndsWith("\n"));
}

TEST_F(UrlCommandTest, TheBaseComesFromFlagOrEnvironment) {
  environment["TOKENBROKER_BASE_URL"] = "https://one.example";
  ASSERT_EQ(Tokenctl({"url", kToken}), 0) << err;
  EXPECT_EQ(out, std::string("https://one.example/c/") + kToken + "\n");
  ASSERT_EQ(Tokenctl({"url", "--base-url", "https://two.example", "--to", "heartbeat", kToken}), 0) << err;
  EXPECT_EQ(out, std::string("https://two.example/c/") + kToken + "/heartbeat\n");
}

TEST_F(UrlCommandTest, PrintsTheTokenAloneAndLimitsItFurther) {
  ASSERT_EQ(Tokenctl({"url", kToken, "--only", "read", "-o", "token"}), 0) << err;
  const std::string once = out.substr(0, out.size() - 1);
  EXPECT_EQ(CaveatsOf(once), "A8");
  Input(once + "\n");
  ASSERT_EQ(Tokenctl({"-o", "jsonl", "url", "-", "--before", "1h"}), 0) << err;
  EXPECT_THAT(out, HasSubstr("A8B1xodA8"));
}

TEST_F(UrlCommandTest, WantsAToken) {
  EXPECT_EQ(Tokenctl({"url", "0123456789abcdef01"}), 2);
  EXPECT_THAT(err, HasSubstr("a URL is made from the task's token"));
  EXPECT_EQ(Tokenctl({"url", "--key", "order-17"}), 2);
  Tokenctl({"url", "--help"});
  EXPECT_THAT(out, Not(HasSubstr("--key")));
}

TEST_F(UrlCommandTest, IsGoodForSomething) {
  EXPECT_EQ(Tokenctl({"url", kToken, "--only", "heartbeat", "--to", "succeed"}), 2);
  EXPECT_THAT(err, HasSubstr("--to"));
  EXPECT_EQ(Tokenctl({"url", kToken, "--only", "heartbeat", "--only", "fail=E", "--to", "fail"}), 0) << err;
  EXPECT_EQ(Tokenctl({"url", kToken, "--before", "2020-01-01T00:00:00Z"}), 2);
  EXPECT_THAT(err, HasSubstr("--before"));
}

}  // namespace
}  // namespace tokenbroker::cli
