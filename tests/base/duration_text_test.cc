#include "base/duration_text.h"

#include <gtest/gtest.h>

namespace tokenbroker {
namespace {

constexpr DurationMs kSecond = 1'000;
constexpr DurationMs kMinute = 60 * kSecond;
constexpr DurationMs kHour = 60 * kMinute;
constexpr DurationMs kDay = 24 * kHour;

TEST(Duration, IsReadInEveryUnit) {
  EXPECT_EQ(ParseDuration("0").value(), 0);
  EXPECT_EQ(ParseDuration("250ms").value(), 250);
  EXPECT_EQ(ParseDuration("30s").value(), 30 * kSecond);
  EXPECT_EQ(ParseDuration("10m").value(), 10 * kMinute);
  EXPECT_EQ(ParseDuration("2h").value(), 2 * kHour);
  EXPECT_EQ(ParseDuration("3d").value(), 3 * kDay);
  EXPECT_EQ(ParseDuration("1w").value(), 7 * kDay);
}

TEST(Duration, IsASumOfFallingUnits) {
  EXPECT_EQ(ParseDuration("1h30m").value(), 90 * kMinute);
  EXPECT_EQ(ParseDuration("1w2d3h4m5s6ms").value(), 9 * kDay + 3 * kHour + 4 * kMinute + 5 * kSecond + 6);
  for (const char* text : {"30m1h", "5m5m", "1s1s", "1ms1s", "1m1h1s"}) EXPECT_FALSE(ParseDuration(text).ok()) << text;
}

TEST(Duration, IsRefusedWithoutUnitOrBeyondRange) {
  for (const char* text : {"",
                           "5",
                           "s",
                           "m",
                           "-5s",
                           "+5s",
                           "1.5h",
                           "5 s",
                           " 5s",
                           "5s ",
                           "5x",
                           "5S",
                           "5M",
                           "1h30",
                           "00",
                           "5ss",
                           "101w1y",
                           "6000w",
                           "36600d1ms",
                           "9223372036854775807d",
                           "99999999999999999999s",
                           "99999999999999s"}) {
    EXPECT_EQ(ParseDuration(text).status().code(), absl::StatusCode::kInvalidArgument) << text;
  }
  EXPECT_EQ(ParseDuration("36600d").value(), 36'600 * kDay);
}

TEST(Duration, AnErrorShowsHowToWriteIt) {
  EXPECT_EQ(ParseDuration("soon").status().message(), "must be a duration such as 250ms, 30s, 10m, 1h30m, 7d or 1w");
}

TEST(FormatDuration, IsReadBackUnchanged) {
  for (const DurationMs span : {0L, 1L, 999L, 1000L, 61'000L, 90'061'001L, 604'800'000L, 694'861'001L}) {
    EXPECT_EQ(ParseDuration(FormatDuration(span)).value(), span) << FormatDuration(span);
  }
  EXPECT_EQ(FormatDuration(90 * kSecond), "1m30s");
  EXPECT_EQ(FormatDuration(-1500), "-1s500ms");
}

TEST(DurationInOneUnit, IsTheLargestThatNeedsNoFraction) {
  EXPECT_EQ(DurationInOneUnit(0), "0");
  EXPECT_EQ(DurationInOneUnit(1), "1ms");
  EXPECT_EQ(DurationInOneUnit(90 * kSecond), "90s");
  EXPECT_EQ(DurationInOneUnit(48 * kHour), "2d");
  EXPECT_EQ(DurationInOneUnit(366 * kDay), "366d");
  EXPECT_EQ(DurationInOneUnit(-60 * kSecond), "-1m");
}

TEST(RoundDuration, KeepsTwoUnits) {
  EXPECT_EQ(RoundDuration(3'725'000), "1h2m");
  EXPECT_EQ(RoundDuration(5'250), "5s");
  EXPECT_EQ(RoundDuration(250), "250ms");
  EXPECT_EQ(RoundDuration(0), "0s");
  EXPECT_EQ(RoundDuration(-3'725'000), "-1h2m");
}

}  // namespace
}  // namespace tokenbroker
