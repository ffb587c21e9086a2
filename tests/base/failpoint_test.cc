#include "base/failpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

namespace tokenbroker {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

void Arm(std::string_view spec, uint64_t seed = 1) { ArmFailpoints(ParseFailpoints(spec).value(), seed); }

TEST(ParseFailpoints, ReadsAllForms) {
  const auto failpoints = ParseFailpoints("a.b=crash, c=crash@7,d=crash%2.5,e=sleep:50ms,f=sleep:0ms@3").value();
  ASSERT_EQ(failpoints.size(), 5u);
  EXPECT_EQ(failpoints[0].name, "a.b");
  EXPECT_EQ(failpoints[0].action, Failpoint::Action::kCrash);
  EXPECT_EQ(failpoints[0].on_hit, 0u);
  EXPECT_EQ(failpoints[1].on_hit, 7u);
  EXPECT_DOUBLE_EQ(failpoints[2].percent, 2.5);
  EXPECT_EQ(failpoints[3].action, Failpoint::Action::kSleep);
  EXPECT_EQ(failpoints[3].sleep_ms, 50);
  EXPECT_EQ(failpoints[4].on_hit, 3u);
  EXPECT_TRUE(ParseFailpoints("").value().empty());
}

TEST(ParseFailpoints, NamesWhatItDoesNotUnderstand) {
  for (const char* spec : {"a", "a=", "=crash", "a=explode", "a=crash@0", "a=crash@x", "a=crash%101", "a=crash%-1",
                           "a=sleep", "a=sleep:5", "a=sleep:-5ms", "a=sleep:xms", "a=crash@1@2"}) {
    const auto result = ParseFailpoints(spec);
    ASSERT_FALSE(result.ok()) << spec;
    EXPECT_THAT(std::string(result.status().message()), HasSubstr(spec));
  }
}

TEST(Failpoint, ArmedNotesEveryNameThatWasHit) {
  Arm("");
  TB_FAILPOINT("second");
  TB_FAILPOINT("first");
  TB_FAILPOINT("second");
  EXPECT_THAT(HitFailpoints(), ElementsAre("first", "second"));
  Arm("first=sleep:0ms");
  EXPECT_THAT(HitFailpoints(), ElementsAre());
}

TEST(FailpointDeathTest, CrashKillsOnTheChosenHit) {
  EXPECT_EXIT(
      {
        Arm("here=crash");
        TB_FAILPOINT("here");
      },
      testing::KilledBySignal(SIGKILL), "");
  EXPECT_EXIT(
      {
        Arm("here=crash@3");
        TB_FAILPOINT("here");
        TB_FAILPOINT("there");
        TB_FAILPOINT("here");
        fprintf(stderr, "still alive\n");
        TB_FAILPOINT("here");
      },
      testing::KilledBySignal(SIGKILL), "still alive");
}

// The hit at which a crash with this seed comes.
int CrashingHit(uint64_t seed) {
  for (int hits = 1;; ++hits) {
    const pid_t child = fork();
    if (child == 0) {
      Arm("here=crash%20", seed);
      for (int i = 0; i < hits; ++i) TB_FAILPOINT("here");
      _exit(0);
    }
    int status;
    waitpid(child, &status, 0);
    if (WIFSIGNALED(status)) return hits;
  }
}

TEST(FailpointDeathTest, ChanceIsRepeatableByItsSeed) {
  EXPECT_EQ(CrashingHit(5), CrashingHit(5));
  EXPECT_EXIT(
      {
        Arm("here=crash%0");
        for (int i = 0; i < 1'000; ++i) TB_FAILPOINT("here");
        exit(0);
      },
      testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace tokenbroker
