#include "token/limits.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tokenbroker::token {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr int64_t kNow = 1'800'000'000;

std::string Errors(std::vector<std::string> names) { return *OnlyErrors(names); }

TEST(Limits, AFullTokenAllowsEverything) {
  const Limits limits;
  EXPECT_TRUE(limits.none());
  EXPECT_EQ(limits.actions(), kAllActions);
  for (const Action action : {kHeartbeat, kSucceed, kFail, kRead}) EXPECT_EQ(limits.Refusal(action, "Any", kNow), "");
}

TEST(Limits, CaveatsHaveOneText) {
  EXPECT_EQ(OnlyActions(kSucceed | kFail), "A6");
  EXPECT_EQ(*OnlyBefore(1'800'003'600), "B1xodA8");
  EXPECT_EQ(Errors({"Rejected", "Late"}), "E28Rejected4Late");
}

TEST(Limits, ActionsIntersect) {
  const std::string caveats = OnlyActions(kHeartbeat | kSucceed) + OnlyActions(kSucceed | kRead);
  const Limits limits(caveats);
  EXPECT_EQ(limits.actions(), kSucceed);
  EXPECT_EQ(limits.Refusal(kSucceed, "", kNow), "");
  EXPECT_EQ(limits.Refusal(kHeartbeat, "", kNow), "the token is limited to: succeed");
  const std::string nothing = OnlyActions(kHeartbeat) + OnlyActions(kRead);
  EXPECT_EQ(Limits(nothing).Refusal(kRead, "", kNow), "the token is limited to: nothing");
}

TEST(Limits, TheEarliestTimeCounts) {
  const std::string caveats = *OnlyBefore(kNow + 9) + *OnlyBefore(kNow + 5) + *OnlyBefore(kNow + 7);
  const Limits limits(caveats);
  EXPECT_EQ(limits.before(), kNow + 5);
  EXPECT_EQ(limits.Refusal(kRead, "", kNow + 4), "");
  EXPECT_EQ(limits.Refusal(kRead, "", kNow + 5), "the token is limited to calls before 2027-01-15T08:00:05Z");
}

TEST(Limits, ErrorsIntersectAndLimitFailuresAlone) {
  const std::string caveats = Errors({"Rejected", "Late"}) + Errors({"Late", "Other"});
  const Limits limits(caveats);
  EXPECT_THAT(*limits.errors(), ElementsAre("Late"));
  EXPECT_EQ(limits.Refusal(kFail, "Late", kNow), "");
  EXPECT_EQ(limits.Refusal(kSucceed, "Rejected", kNow), "");
  EXPECT_THAT(limits.Refusal(kFail, "Rejected", kNow), HasSubstr("fail with Late"));
  EXPECT_THAT(limits.Refusal(kFail, "", kNow), HasSubstr("fail with Late"));
}

TEST(Limits, WhereNoErrorIsLeftNobodyMayFail) {
  const std::string caveats = Errors({"A"}) + Errors({"B"});
  EXPECT_THAT(*Limits(caveats).errors(), IsEmpty());
  EXPECT_EQ(Limits(caveats).actions(), kAllActions & ~kFail);
  EXPECT_NE(Limits(caveats).Refusal(kFail, "A", kNow), "");
}

TEST(Limits, WhatCannotBeSpelledIsRefused) {
  EXPECT_FALSE(OnlyBefore(-1).ok());
  EXPECT_FALSE(OnlyBefore(56'800'235'584).ok());
  EXPECT_FALSE(OnlyErrors({}).ok());
  const std::vector<std::string> bad = {"", "with space", "a/b", "ü", std::string(62, 'x'), std::string("a\0b", 3)};
  for (const std::string& name : bad) EXPECT_FALSE(OnlyErrors({name}).ok()) << name;
  EXPECT_FALSE(OnlyErrors(std::vector<std::string>(62, "x")).ok());
}

TEST(Limits, OnlyWholeCaveatsOfKnownKindsAreTaken) {
  for (const char* text : {"",   "A",  "A0",  "AG",      "Az",  "A-",    "B",      "B12345", "B12345-", "E",
                           "E0", "E1", "E10", "E15abcd", "E1 ", "E22ab", "E13a/b", "C1",     "a2",      "1A2"}) {
    std::string_view rest = text;
    Caveat caveat;
    EXPECT_FALSE(TakeCaveat(rest, caveat)) << text;
  }
}

}  // namespace
}  // namespace tokenbroker::token
