// A target that is down is left alone, probed, and taken back.
#include "server/forward/breaker.h"

#include <gtest/gtest.h>

#include "server/forward/backoff.h"

namespace tokenbroker::forward {
namespace {

TEST(Breaker, OpensAfterFailuresInARow) {
  Breaker breaker({.failures = 3, .open_for = 1000, .open_for_max = 8000});
  breaker.Failed(0, 1);
  breaker.Failed(0, 1);
  breaker.Alive();
  breaker.Failed(0, 1);
  breaker.Failed(0, 1);
  EXPECT_EQ(breaker.Allowed(0, 10), 10);
  breaker.Failed(0, 1);
  EXPECT_EQ(breaker.StateAt(0), Breaker::State::kOpen);
  EXPECT_EQ(breaker.Allowed(999, 10), 0);
  EXPECT_EQ(breaker.StateAt(1000), Breaker::State::kHalfOpen);
  EXPECT_EQ(breaker.Allowed(1000, 10), 1);
  EXPECT_EQ(breaker.Allowed(1000, 0), 0) << "a probe needs room like any other";
}

TEST(Breaker, StaysOpenLongerEachTimeAProbeFails) {
  Breaker breaker({.failures = 1, .open_for = 1000, .open_for_max = 4000});
  TimeMs now = 0;
  for (const DurationMs expected : {1000, 2000, 4000, 4000}) {
    breaker.Failed(now, 1);
    EXPECT_EQ(breaker.until() - now, expected);
    breaker.Failed(now, 1);
    EXPECT_EQ(breaker.until() - now, expected) << "a straggler tells nothing new";
    now = breaker.until();
  }
  breaker.Alive();
  EXPECT_EQ(breaker.Allowed(now, 7), 7);
  breaker.Failed(now, 0);
  EXPECT_EQ(breaker.until() - now, 500) << "spread over half of the time";
}

TEST(Backoff, DoublesUpToALimitAndIsRandom) {
  const BackoffOptions options{.base = 1000, .max = 300'000};
  EXPECT_EQ(Backoff(options, 1, 1), 1000);
  EXPECT_EQ(Backoff(options, 3, 1), 4000);
  EXPECT_EQ(Backoff(options, 3, 0.5), 2000);
  EXPECT_EQ(Backoff(options, 10, 1), 300'000);
  EXPECT_EQ(Backoff(options, 1'000'000, 1), 300'000);
  EXPECT_EQ(Backoff(options, 5, 0), 0);
}

}  // namespace
}  // namespace tokenbroker::forward
