#include "server/outbound/http_client.h"

#include <gtest/gtest.h>

namespace tokenbroker::outbound {
namespace {

constexpr TimeMs kNow = 784'111'777'000;  // Sun, 06 Nov 1994 08:49:37 GMT

TEST(RetryAfter, ReadsSeconds) {
  EXPECT_EQ(ParseRetryAfter("120", "", kNow), 120'000);
  EXPECT_EQ(ParseRetryAfter("0", "", kNow), 0);
}

TEST(RetryAfter, ReadsDates) {
  EXPECT_EQ(ParseRetryAfter("Sun, 06 Nov 1994 08:50:37 GMT", "", kNow), 60'000);
  // By the peer's clock, if it says what that shows.
  EXPECT_EQ(ParseRetryAfter("Sun, 06 Nov 1994 08:50:37 GMT", "Sun, 06 Nov 1994 08:50:27 GMT", kNow), 10'000);
  EXPECT_EQ(ParseRetryAfter("Sun, 06 Nov 1994 08:49:00 GMT", "", kNow), 0);
}

TEST(RetryAfter, IsBoundedAndForgiving) {
  EXPECT_EQ(ParseRetryAfter("999999999", "", kNow), 24 * 3600 * 1000);
  for (const char* text : {"", "-5", "soon", "1.5", "99999999999999999999", "Sun, 06 Nov 1994"}) {
    EXPECT_EQ(ParseRetryAfter(text, "", kNow), 0) << text;
  }
}

}  // namespace
}  // namespace tokenbroker::outbound
