// A target that is down is left alone, probed, and taken back.
#include "server/forward/breaker.h"

#include <gtest/gtest.h>

namespace tokenbroker::forward {
namespace {

constexpr bool kFirst = false;
constexpr bool kAgain = true;

void Fail(Breaker& breaker, int times, TimeMs now, bool again = kFirst) {
  for (int i = 0; i < times; ++i) breaker.Failed(now, again, 1);
}

TEST(Breaker, OpensAfterFailuresInARow) {
  Breaker breaker({.failures = 3, .quiet_for = 0, .open_for = 1000, .open_for_max = 8000});
  Fail(breaker, 2, 0);
  breaker.Alive(0);
  Fail(breaker, 2, 0);
  EXPECT_EQ(breaker.Allowed(0, 10), 10);
  Fail(breaker, 1, 0);
  EXPECT_EQ(breaker.StateAt(0), Breaker::State::kOpen);
  EXPECT_EQ(breaker.Allowed(999, 10), 0);
  EXPECT_EQ(breaker.StateAt(1000), Breaker::State::kHalfOpen);
  EXPECT_EQ(breaker.Allowed(1000, 10), 2);
  EXPECT_EQ(breaker.Allowed(1000, 1), 1) << "a probe needs room like any other";
}

TEST(Breaker, ATargetThatLivedAMomentAgoIsDownOnlyAfterMany) {
  Breaker breaker({.failures = 3, .quiet_for = 5000, .failures_at_once = 20});
  breaker.Alive(0);
  Fail(breaker, 19, 4999);
  EXPECT_EQ(breaker.StateAt(4999), Breaker::State::kClosed);
  Fail(breaker, 1, 4999);
  EXPECT_EQ(breaker.StateAt(4999), Breaker::State::kOpen);
  breaker.Alive(5000);
  Fail(breaker, 3, 5000);
  EXPECT_EQ(breaker.StateAt(9999), Breaker::State::kClosed);
  Fail(breaker, 1, 10'000, kAgain);
  EXPECT_EQ(breaker.StateAt(10'000), Breaker::State::kOpen) << "whatever shows that nothing was taken meanwhile";
}

TEST(Breaker, WhatFailsAgainAndAgainIsNoNews) {
  Breaker breaker({.failures = 3, .quiet_for = 0, .failures_at_once = 20});
  Fail(breaker, 2, 0);
  Fail(breaker, 1000, 60'000, kAgain);
  EXPECT_EQ(breaker.StateAt(60'000), Breaker::State::kClosed);
}

TEST(Breaker, StaysOpenLongerEachTimeAProbeFails) {
  Breaker breaker({.failures = 1, .quiet_for = 0, .open_for = 1000, .open_for_max = 4000});
  TimeMs now = 0;
  bool again = kFirst;
  for (const DurationMs expected : {1000, 2000, 4000, 4000}) {
    Fail(breaker, 1, now, again);
    EXPECT_EQ(breaker.until() - now, expected);
    Fail(breaker, 1, now, again);
    EXPECT_EQ(breaker.until() - now, expected) << "a straggler tells nothing new";
    now = breaker.until();
    again = kAgain;
  }
  breaker.Alive(now);
  EXPECT_EQ(breaker.Allowed(now, 7), 7);
  breaker.Failed(now, kFirst, 0);
  EXPECT_EQ(breaker.until() - now, 500) << "spread over half of the time";
}

}  // namespace
}  // namespace tokenbroker::forward
