#include "base/suggestion.h"

#include <gtest/gtest.h>

namespace tokenbroker {
namespace {

TEST(EditDistance, CountsSingleChanges) {
  EXPECT_EQ(EditDistance("", ""), 0);
  EXPECT_EQ(EditDistance("abc", ""), 3);
  EXPECT_EQ(EditDistance("", "abc"), 3);
  EXPECT_EQ(EditDistance("kitten", "sitting"), 3);
  EXPECT_EQ(EditDistance("listen", "listne"), 2);
}

TEST(Suggestion, IsTheNearestOrNothing) {
  EXPECT_EQ(Suggestion("grpc.lsiten", {"http.listen", "grpc.listen"}), " (did you mean 'grpc.listen'?)");
  EXPECT_EQ(Suggestion("zzzzzzzz", {"http.listen", "grpc.listen"}), "");
  EXPECT_EQ(Suggestion(std::string(10'000, 'x'), {"xxx"}), "");
}

}  // namespace
}  // namespace tokenbroker
