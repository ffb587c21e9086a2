#include "server/telemetry/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <mutex>
#include <nlohmann/json.hpp>
#include <thread>

namespace tokenbroker {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class LogTest : public testing::Test {
 protected:
  void Configure(LogFormat format, Level level = Level::kInfo) {
    ConfigureLog({.format = format,
                  .level = level,
                  .sink =
                      [this](std::string_view line) {
                        const std::lock_guard lock(mutex_);
                        lines_.emplace_back(line);
                      },
                  .wall = [] { return TimeMs{1'767'323'045'678}; }});
  }
  ~LogTest() override { ConfigureLog({}); }

  std::mutex mutex_;
  std::vector<std::string> lines_;
};

TEST_F(LogTest, WritesJsonLines) {
  Configure(LogFormat::kJson);
  const std::string text = "text";
  Log(Level::kWarning, "task_expired",
      {{"s", text},
       {"v", std::string_view("view")},
       {"a", absl::string_view("absl")},
       {"i", -12},
       {"u", uint64_t{1} << 63},
       {"d", 0.5},
       {"b", true},
       {"size", text.size()}});
  EXPECT_THAT(lines_,
              ElementsAre("{\"ts\":\"2026-01-02T03:04:05.678Z\",\"level\":\"warning\",\"event\":\"task_expired\","
                          "\"s\":\"text\",\"v\":\"view\",\"a\":\"absl\",\"i\":-12,\"u\":9223372036854775808,"
                          "\"d\":0.5,\"b\":true,\"size\":4}\n"));
}

TEST_F(LogTest, JsonStaysJsonWhateverTheFieldsHold) {
  Configure(LogFormat::kJson);
  std::string all_bytes;
  for (int i = 0; i < 256; ++i) all_bytes += static_cast<char>(i);
  Log(Level::kInfo, "odd",
      {{"bytes", all_bytes},
       {"quote\"key", "\"\\\n\r\t\x01"},
       {"cut", "caf\xC3"},
       {"nan", NAN},
       {"inf", INFINITY},
       {"good", "caf\xC3\xA9"}});
  ASSERT_THAT(lines_, SizeIs(1));
  EXPECT_EQ(lines_[0].find('\n'), lines_[0].size() - 1);
  const auto json = nlohmann::json::parse(lines_[0]);
  EXPECT_EQ(json["quote\"key"], "\"\\\n\r\t\x01");
  EXPECT_EQ(json["cut"], "caf\xEF\xBF\xBD");
  EXPECT_EQ(json["good"], "caf\xC3\xA9");
  EXPECT_TRUE(json["nan"].is_null());
}

TEST_F(LogTest, WritesTextForPeople) {
  Configure(LogFormat::kText);
  Log(Level::kInfo, "started",
      {{"listen", "127.0.0.1:7433"}, {"msg", "two words"}, {"n", 3}, {"e", ""}, {"x", "a\nb=\""}});
  EXPECT_THAT(lines_, ElementsAre("2026-01-02T03:04:05.678Z INFO  started listen=127.0.0.1:7433 msg=\"two words\" n=3 "
                                  "e=\"\" x=\"a\\nb=\\\"\"\n"));
}

TEST_F(LogTest, LeavesOutWhatIsBelowTheLevel) {
  Configure(LogFormat::kJson, Level::kWarning);
  Log(Level::kInfo, "quiet");
  EXPECT_THAT(lines_, IsEmpty());
  EXPECT_FALSE(LogsAt(Level::kInfo));
  Configure(LogFormat::kJson, Level::kDebug);
  Log(Level::kDebug, "loud");
  EXPECT_THAT(lines_, SizeIs(1));
}

TEST_F(LogTest, LimitedLogSaysHowManyItLeftOut) {
  Configure(LogFormat::kText);
  LimitedLog limited(1'000);
  limited.Write(5'000, Level::kWarning, "full", {{"queue", "awaits"}});
  for (int i = 0; i < 7; ++i) limited.Write(5'000 + i, Level::kWarning, "full");
  limited.Write(6'000, Level::kWarning, "full");
  limited.Write(7'500, Level::kWarning, "full");
  ASSERT_THAT(lines_, SizeIs(3));
  EXPECT_THAT(lines_[0], HasSubstr("WARN  full queue=awaits\n"));
  EXPECT_THAT(lines_[1], HasSubstr("WARN  full dropped=7\n"));
  EXPECT_THAT(lines_[2], HasSubstr("WARN  full\n"));
}

TEST_F(LogTest, LinesOfSeveralThreadsStayWhole) {
  Configure(LogFormat::kJson);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([i] {
      for (int j = 0; j < 500; ++j) Log(Level::kInfo, "tick", {{"thread", i}, {"j", j}});
    });
  }
  for (std::thread& thread : threads) thread.join();
  ASSERT_THAT(lines_, SizeIs(2'000));
  for (const std::string& line : lines_) EXPECT_EQ(nlohmann::json::parse(line)["event"], "tick");
}

TEST(Fingerprint, IsTheStartOfTheSha256) {
  EXPECT_EQ(Fingerprint(""), "e3b0c442");
  EXPECT_EQ(Fingerprint("abc"), "ba7816bf");
}

}  // namespace
}  // namespace tokenbroker
