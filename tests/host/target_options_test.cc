#include "server/host/target_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tokenbroker {
namespace {

using ::testing::ElementsAre;

class TargetOptionsTest : public ::testing::Test {
 protected:
  std::vector<std::string> Faults() const {
    std::vector<std::string> faults;
    for (const ConfigFault& fault : faults_) faults.push_back(fault.setting + ": " + fault.what);
    return faults;
  }

  std::vector<ConfigFault> faults_;
};

TargetConfig Target(std::map<std::string, std::vector<std::string>> options) {
  TargetConfig target{"sfn"};
  target.options = std::move(options);
  return target;
}

TEST_F(TargetOptionsTest, WhatIsTakenIsGivenAndWhatIsNotThereHasItsFallback) {
  const TargetConfig target = Target({{"error", {"Silent"}}, {"timeout", {"3s"}}, {"addresses", {"a", "b"}}});
  TargetOptions read(target, faults_);
  EXPECT_EQ(read.TextOr("error", "Late", 6), "Silent");
  EXPECT_EQ(read.TextOr("other", "Late", 6), "Late");
  EXPECT_EQ(read.Span("timeout", 1, 1, 5'000), 3'000);
  EXPECT_EQ(read.Count("count", 7, 1, 9), 7);
  EXPECT_THAT(read.Texts("addresses"), ElementsAre("a", "b"));
  read.Finish();
  EXPECT_THAT(Faults(), ElementsAre());
}

TEST_F(TargetOptionsTest, WhatIsBeyondItsLimitsIsNamedAllAtOnce) {
  const TargetConfig target = Target({{"error", {"1234567"}}, {"flag", {"yes"}}, {"count", {"-1"}}, {"span", {"1"}}});
  TargetOptions read(target, faults_);
  read.TextOr("error", "", 6);
  EXPECT_FALSE(read.Flag("flag"));
  EXPECT_EQ(read.Count("count", 7, 1, 9), 7);
  EXPECT_EQ(read.Span("span", 5, 1, 5'000), 5);
  EXPECT_EQ(read.Required("url"), "");
  read.Finish();
  EXPECT_THAT(
      Faults(),
      ElementsAre("targets.sfn.error: must have at most 6 bytes", "targets.sfn.flag: must be true or false, not 'yes'",
                  "targets.sfn.count: must be a number of 1 to 9, not '-1'",
                  "targets.sfn.span: must be a duration of 1ms to 5s, not '1'", "targets.sfn.url: is missing"));
}

TEST_F(TargetOptionsTest, WhatNobodyTookIsUnknown) {
  const TargetConfig target = Target({{"timeout_eror", {"x"}}, {"zzzzzzzzz", {"x"}}});
  TargetOptions read(target, faults_);
  read.TextOr("timeout_error", "", 6);
  read.Finish();
  EXPECT_THAT(Faults(), ElementsAre("targets.sfn.timeout_eror: is not a setting of this kind of target (did you mean "
                                    "'timeout_error'?)",
                                    "targets.sfn.zzzzzzzzz: is not a setting of this kind of target"));
}

}  // namespace
}  // namespace tokenbroker
