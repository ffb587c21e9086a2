#include "base/backoff.h"

#include <gtest/gtest.h>

namespace tokenbroker {
namespace {

TEST(Backoff, DoublesUpToALimitAndIsRandom) {
  const BackoffOptions options{.base = 1000, .max = 300'000};
  EXPECT_EQ(Backoff(options, 1, 1), 1000);
  EXPECT_EQ(Backoff(options, 3, 1), 4000);
  EXPECT_EQ(Backoff(options, 3, 0.5), 2000);
  EXPECT_EQ(Backoff(options, 10, 1), 300'000);
  EXPECT_EQ(Backoff(options, 1'000'000, 1), 300'000);
  EXPECT_EQ(Backoff(options, 5, 0), 0);
}

TEST(Backoff, IsNeverShorterThanTheLeast) {
  const BackoffOptions options{.base = 1000, .max = 60'000, .least = 100};
  EXPECT_EQ(Backoff(options, 5, 0), 100);
  EXPECT_EQ(Backoff(options, 1, 0.0999), 100);
  EXPECT_EQ(Backoff(options, 1, 0.5), 500);
}

}  // namespace
}  // namespace tokenbroker
