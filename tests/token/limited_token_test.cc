#include "token/limited_token.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "token/limits.h"

namespace tokenbroker::token {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

// The key of these: id 1, byte i of the secret is 7 i + 1; sequence numbers 1 and 12,345. docs/token-format.md shows
// them.
constexpr char kFirst[] = "T107xSCeSOpzs4ooUO6iVVKnLJUOJRAz6k60q13s";
constexpr char kSecond[] = "T107P08KrJeulLHPJTl1A51eEVwj5R4frDh12wGj";

struct Golden {
  const char* token;
  std::vector<std::string> caveats;
  const char* limited;
};

// Made by a program of its own, in another language, with another library.
const Golden kGolden[] = {
    {kFirst, {"A1"}, "T1L07xSCeSOpzs4ooUO6iVVKnA167JCq7Fo2mlLdf8gCClizi"},
    {kFirst, {"A2", "B1xodA8"}, "T1L07xSCeSOpzs4ooUO6iVVKnA2B1xodA8Bk0nQz2K2dg4SqijlTb9zt"},
    {kFirst, {"A6", "E18Rejected"}, "T1L07xSCeSOpzs4ooUO6iVVKnA6E18RejectedDMPWAnHztgR635PhWLXZP9"},
    {kFirst,
     {"A4", "E28Rejected4Late", "E14Late", "B1xocE5", "AF"},
     "T1L07xSCeSOpzs4ooUO6iVVKnA4E28Rejected4LateE14LateB1xocE5AFHtDB2jCzuFqHtT6YpgLntD"},
    {kSecond, {"A1"}, "T1L07P08KrJeulLHPJTl1A51eA184btmrW9EKHDpqIwhdCPlm"},
    {kSecond, {"A6", "E18Rejected"}, "T1L07P08KrJeulLHPJTl1A51eA6E18Rejected2JtL3Nkc05eIiYWPivVvwW"},
};

TEST(LimitedToken, GoldenTokensStayAsTheyAre) {
  for (const Golden& golden : kGolden) EXPECT_EQ(*Limit(golden.token, golden.caveats), golden.limited);
}

TEST(LimitedToken, LimitingStepByStepGivesTheSameToken) {
  for (const Golden& golden : kGolden) {
    std::string token = golden.token;
    for (const std::string& caveat : golden.caveats) token = *Limit(token, {caveat});
    EXPECT_EQ(token, golden.limited);
  }
}

TEST(LimitedToken, CommonOnesFitInto64Characters) {
  const std::string before = *OnlyBefore(1'800'000'000);
  EXPECT_LE(Limit(kFirst, {OnlyActions(kSucceed), before})->size(), 64u);
  EXPECT_LE(Limit(kFirst, {OnlyActions(kSucceed | kFail), *OnlyErrors({"Rejected"})})->size(), 64u);
}

TEST(LimitedToken, ShowsNothingOfTheSecretPart) {
  const std::string limited = *Limit(kFirst, {"A1"});
  EXPECT_THAT(limited, StartsWith(std::string("T1L") + std::string(kFirst).substr(2, 22)));
  EXPECT_EQ(limited.find(std::string(kFirst).substr(24, 6)), std::string::npos);
}

TEST(LimitedToken, SplitsIntoItsParts) {
  const std::string limited = *Limit(kFirst, {"A2", "B1xodA8"});
  LimitedToken parts;
  ASSERT_TRUE(Split(limited, parts));
  EXPECT_EQ(parts.locator, "07xSCeSOpzs4ooUO6iVVKn");
  EXPECT_EQ(parts.caveats, "A2B1xodA8");
  EXPECT_EQ(parts.mac, MacOf(kFirst, parts.caveats));
}

TEST(LimitedToken, OnlyTokensOfABrokerCanBeLimited) {
  for (const std::string& text : {std::string(), std::string("T1"), std::string(40, 'x'),
                                  std::string(700, 'A') + "==", std::string("T1L") + std::string(60, '-')}) {
    EXPECT_THAT(Limit(text, {"A1"}).status().message(), HasSubstr("only a task token")) << text;
  }
}

TEST(LimitedToken, WhatIsNoCaveatIsRefused) {
  for (const char* caveat : {"", "A", "A0", "A1x", "C1", "B1"}) EXPECT_FALSE(Limit(kFirst, {caveat}).ok()) << caveat;
  EXPECT_FALSE(Limit(kFirst, {}).ok());
  EXPECT_TRUE(Limit(kFirst, std::vector<std::string>(kMaxCaveats, "AF")).ok());
  EXPECT_FALSE(Limit(kFirst, std::vector<std::string>(kMaxCaveats + 1, "AF")).ok());
  const std::string long_errors = *OnlyErrors(std::vector<std::string>(9, std::string(61, 'e')));
  EXPECT_FALSE(Limit(kFirst, {long_errors}).ok());
}

}  // namespace
}  // namespace tokenbroker::token
