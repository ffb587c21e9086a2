#include "base/random.h"

#include <gtest/gtest.h>

namespace tokenbroker {
namespace {

TEST(Random, BytesAreAsManyAsAskedForAndNeverTheSame) {
  for (size_t size : {size_t{0}, size_t{1}, size_t{32}, size_t{1'000}}) EXPECT_EQ(RandomBytes(size)->size(), size);
  EXPECT_NE(*RandomBytes(32), *RandomBytes(32));
}

TEST(Random, FractionsLieBetweenNothingAndAll) {
  double sum = 0;
  for (int i = 0; i < 10'000; ++i) {
    const double fraction = RandomFraction();
    ASSERT_GE(fraction, 0);
    ASSERT_LT(fraction, 1);
    sum += fraction;
  }
  EXPECT_NEAR(sum / 10'000, 0.5, 0.05) << "seventeen times what is usual";
}

}  // namespace
}  // namespace tokenbroker
