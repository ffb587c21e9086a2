#include "server/forward/pace.h"

#include <gtest/gtest.h>

#include <climits>
#include <vector>

namespace tokenbroker::forward {
namespace {

constexpr double kIdle = 0;
constexpr double kPressed = 0.3;
constexpr int kMany = 300;  // under way

class PaceTest : public testing::Test {
 protected:
  // How much may be under way in the step that begins then, the trickle used up.
  int After(DurationMs time, const std::vector<double>& callers) {
    now_ += time;
    EXPECT_GE(now_, pace_.next_look());
    pace_.Look(now_, callers);
    EXPECT_EQ(pace_.next_look(), now_ + Pace::kStep);
    pace_.Begun(Pace::kTrickle);
    return pace_.UnderWayMax(0);
  }

  Pace pace_;
  TimeMs now_ = 1'000'000;
};

TEST_F(PaceTest, WithoutCallersItDoesNotLimit) {
  EXPECT_EQ(After(10, {}), INT_MAX);
  EXPECT_EQ(After(1'000, {kIdle, kIdle}), INT_MAX);
  EXPECT_FALSE(pace_.holds_back());
}

TEST_F(PaceTest, CallersWhoWaitALittleDoNotLimit) { EXPECT_EQ(After(10, {0.19}), INT_MAX); }

TEST_F(PaceTest, LittleIsUnderWayWhenAThreadOfCallersIsKeptFromItsWork) {
  EXPECT_EQ(After(10, {kIdle, kPressed}), Pace::kLeast);
  EXPECT_EQ(After(10, {kPressed, kIdle}), Pace::kLeast);
  EXPECT_TRUE(pace_.holds_back());
}

TEST_F(PaceTest, GrowsWithTimeAgain) {
  After(10, {kPressed});
  EXPECT_EQ(After(5, {kIdle}), 6);
  EXPECT_EQ(After(50, {kIdle}), 46);
  EXPECT_EQ(After(DurationMs{24} * 3600 * 1000, {kIdle}), 846);
  EXPECT_EQ(After(1'000, {kIdle}), INT_MAX);
}

TEST_F(PaceTest, ATrickleGoesOnHoweverMuchIsUnderWay) {
  After(10, {kPressed});
  EXPECT_EQ(pace_.UnderWayMax(kMany), kMany);
  pace_.Look(now_ += 5, {kPressed});
  EXPECT_EQ(pace_.UnderWayMax(kMany), kMany + Pace::kTrickle);
  pace_.Begun(3);
  EXPECT_EQ(pace_.UnderWayMax(kMany + 3), kMany + Pace::kTrickle);
}

}  // namespace
}  // namespace tokenbroker::forward
