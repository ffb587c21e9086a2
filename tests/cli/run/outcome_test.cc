#include "cli/run/outcome.h"

#include <gtest/gtest.h>

#include <csignal>

namespace tokenbroker::cli {
namespace {

v1::TaskRef Ref() {
  v1::TaskRef ref;
  ref.set_token("tkA");
  return ref;
}

TEST(RunOutcome, JsonIsSentAsItIs) {
  EXPECT_EQ(*OutputFromText("  {\"n\": 1.0}\n", false), "{\"n\": 1.0}");
  EXPECT_EQ(*OutputFromText("42\n", false), "42");
}

TEST(RunOutcome, OtherTextIsAStringWithoutItsLastNewline) {
  EXPECT_EQ(*OutputFromText("two\nlines\n", false), R"("two\nlines")");
}

TEST(RunOutcome, NothingIsAnEmptyObject) { EXPECT_EQ(*OutputFromText("\n", false), "{}"); }

TEST(RunOutcome, RawKeepsEveryByte) { EXPECT_EQ(*OutputFromText("42\n", true), R"("42\n")"); }

TEST(RunOutcome, WhatJsonCannotHoldIsNotSentInstead) {
  for (const bool raw : {false, true}) {
    EXPECT_TRUE(absl::IsInvalidArgument(OutputFromText("a\xFF\n", raw).status()));
    EXPECT_TRUE(absl::IsInvalidArgument(OutputFromText("\"\xC3\"", raw).status()));
  }
}

TEST(RunOutcome, AnExitCodeIsTheErrorAndStderrTheCause) {
  const auto settlement = MakeSettlement(Ref(), {{3, 0}, false, "ignored", false, "boom"}, {});
  EXPECT_EQ(settlement->fail().error(), "ExitCode.3");
  EXPECT_EQ(settlement->fail().cause(), "boom");
  EXPECT_EQ(settlement->fail().task().token(), "tkA");
}

TEST(RunOutcome, ASignalIsNamed) {
  const auto settlement = MakeSettlement(Ref(), {{0, SIGKILL}, false, "", false, ""}, {});
  EXPECT_EQ(settlement->fail().error(), "Signal.SIGKILL");
  EXPECT_EQ(settlement->fail().cause(), "ended by SIGKILL");
}

TEST(RunOutcome, TheErrorCodeCanBeChosen) {
  EXPECT_EQ(MakeSettlement(Ref(), {{3, 0}, false, "", false, ""}, {"", false, "Rejected"})->fail().error(), "Rejected");
}

TEST(RunOutcome, ACancelledCommandFailsEvenWithExitCodeZero) {
  EXPECT_EQ(MakeSettlement(Ref(), {{0, 0}, true, "{}", false, ""}, {})->fail().error(), "Cancelled");
}

TEST(RunOutcome, OutputThatIsTooLongOrMissingIsNotSent) {
  EXPECT_FALSE(MakeSettlement(Ref(), {{0, 0}, false, "x", true, ""}, {}).ok());
  EXPECT_FALSE(MakeSettlement(Ref(), {{0, 0}, false, "", false, ""}, {"/no/such/file", false, ""}).ok());
}

}  // namespace
}  // namespace tokenbroker::cli
