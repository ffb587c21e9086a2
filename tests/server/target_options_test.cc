#include "server/target_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tokenbroker {
namespace {

using ::testing::HasSubstr;

TargetConfig Target(std::map<std::string, std::vector<std::string>> options) {
  TargetConfig target{"sfn"};
  target.options = std::move(options);
  return target;
}

TEST(TargetOptionsTest, WhatIsTakenIsGivenAndWhatIsNotThereHasItsFallback) {
  const TargetConfig target = Target({{"error", {"Silent"}}, {"timeout", {"3s"}}, {"addresses", {"a", "b"}}});
  TargetOptions read(target);
  EXPECT_EQ(read.TextOr("error", "Late", 6), "Silent");
  EXPECT_EQ(read.TextOr("other", "Late", 6), "Late");
  EXPECT_EQ(read.Span("timeout", 1, 1, 5'000), 3'000);
  EXPECT_EQ(read.Count("count", 7, 1, 9), 7);
  EXPECT_THAT(read.Texts("addresses"), testing::ElementsAre("a", "b"));
  EXPECT_TRUE(read.Finish().ok());
}

TEST(TargetOptionsTest, WhatIsBeyondItsLimitsIsNamed) {
  const TargetConfig target = Target({{"error", {"1234567"}}});
  TargetOptions read(target);
  read.TextOr("error", "", 6);
  EXPECT_EQ(read.Finish().message(), "targets.sfn.error: must have at most 6 bytes");
}

TEST(TargetOptionsTest, WhatNobodyTookIsUnknown) {
  const TargetConfig target = Target({{"timeout_eror", {"x"}}});
  TargetOptions read(target);
  read.TextOr("timeout_error", "", 6);
  EXPECT_THAT(std::string(read.Finish().message()),
              HasSubstr("targets.sfn.timeout_eror: is not a setting of this kind of target"));
}

}  // namespace
}  // namespace tokenbroker
