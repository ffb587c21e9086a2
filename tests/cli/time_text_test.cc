#include "cli/time_text.h"

#include <gtest/gtest.h>

namespace tokenbroker::cli {
namespace {

TEST(TimeText, AnErrorShowsWhatWasWrittenAndHowToWriteIt) {
  EXPECT_EQ(ParseDuration("90m").value(), 5'400'000);
  EXPECT_EQ(
      ParseDuration("5 min").status(),
      absl::InvalidArgumentError("\"5 min\" is not a duration; write it like 10ms, 30s, 5m, 2h, 7d, 1w or 1h30m"));
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
