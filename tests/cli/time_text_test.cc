#include "cli/time_text.h"

#include <gtest/gtest.h>

namespace tokenbroker::cli {
namespace {

TEST(TimeText, ReadsEveryUnitAndSums) {
  EXPECT_EQ(*ParseDuration("10ms"), 10);
  EXPECT_EQ(*ParseDuration("30s"), 30'000);
  EXPECT_EQ(*ParseDuration("5m"), 300'000);
  EXPECT_EQ(*ParseDuration("2h"), 7'200'000);
  EXPECT_EQ(*ParseDuration("3d"), 259'200'000);
  EXPECT_EQ(*ParseDuration("1w"), 604'800'000);
  EXPECT_EQ(*ParseDuration("1h30m"), 5'400'000);
  EXPECT_EQ(*ParseDuration("0"), 0);
}

TEST(TimeText, RefusesWhatIsNoDuration) {
  for (const char* text :
       {"", "5", "m", "-5m", "1.5h", "5 m", "5M", "30m1h", "5m5m", "99999999999999s", "101w1y", "6000w"}) {
    EXPECT_EQ(ParseDuration(text).status().code(), absl::StatusCode::kInvalidArgument) << text;
  }
}

TEST(TimeText, AnErrorShowsHowToWriteIt) {
  EXPECT_NE(ParseDuration("5 min").status().ToString().find("5m"), std::string::npos);
}

TEST(TimeText, FormatIsReadBackUnchanged) {
  for (const DurationMs span : {0L, 1L, 999L, 1000L, 61'000L, 90'061'001L, 604'800'000L, 694'861'001L}) {
    EXPECT_EQ(*ParseDuration(FormatDuration(span)), span) << FormatDuration(span);
  }
  EXPECT_EQ(FormatDuration(-1500), "-1s500ms");
}

TEST(TimeText, RoundingKeepsTwoUnits) {
  EXPECT_EQ(RoundDuration(3'725'000), "1h2m");
  EXPECT_EQ(RoundDuration(5'250), "5s");
  EXPECT_EQ(RoundDuration(250), "250ms");
  EXPECT_EQ(RoundDuration(0), "0s");
}

TEST(TimeText, RelativeLooksBothWays) {
  EXPECT_EQ(Relative(100'000, 40'000), "1m ago");
  EXPECT_EQ(Relative(100'000, 160'000), "in 1m");
  EXPECT_EQ(Relative(100'000, 100'400), "now");
}

TEST(TimeText, TimesAreRfc3339InUtc) {
  EXPECT_EQ(FormatTime(0), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(FormatTime(1'769'860'800'007), "2026-01-31T12:00:00.007Z");
  EXPECT_EQ(FormatTime(-1), "1969-12-31T23:59:59.999Z");
}

TEST(TimeText, ProtoSpansRoundTrip) { EXPECT_EQ(ToMs(ToProto(1'234'567)), 1'234'567); }

}  // namespace
}  // namespace tokenbroker::cli
