#include "bulk/csv.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tokenbroker::bulk {
namespace {

using State = CsvRecord::State;
using ::testing::ElementsAre;

std::vector<std::string> TextsOf(const CsvRecord& record) {
  std::vector<std::string> texts;
  for (const CsvRecord::Field& field : record.fields()) texts.push_back(field.text);
  return texts;
}

TEST(Csv, SplitsAtCommas) {
  CsvRecord record;
  ASSERT_EQ(record.Add("a, b,,d"), State::kComplete);
  EXPECT_THAT(TextsOf(record), ElementsAre("a", " b", "", "d"));
  EXPECT_EQ(record.fields()[3].column, 7u);
}

TEST(Csv, ALineBreakMayHaveACarriageReturn) {
  CsvRecord record;
  ASSERT_EQ(record.Add("a,b\r"), State::kComplete);
  EXPECT_THAT(TextsOf(record), ElementsAre("a", "b"));
}

TEST(Csv, TakesOffQuotes) {
  CsvRecord record;
  ASSERT_EQ(record.Add(R"("a","b,c","{""n"": 1}","")"), State::kComplete);
  EXPECT_THAT(TextsOf(record), ElementsAre("a", "b,c", R"({"n": 1})", ""));
}

TEST(Csv, LineBreaksInsideQuotesStayAsTheyAre) {
  CsvRecord record;
  ASSERT_EQ(record.Add("a,\"one\r"), State::kOpen);
  ASSERT_EQ(record.Add(""), State::kOpen);
  ASSERT_EQ(record.Add("two\",b\r"), State::kComplete);
  EXPECT_THAT(TextsOf(record), ElementsAre("a", "one\r\n\ntwo", "b"));
  EXPECT_EQ(record.lines(), 3u);
  EXPECT_EQ(record.fields()[2].line, 2u);
  EXPECT_EQ(record.fields()[2].column, 6u);
}

TEST(Csv, SaysWhereAQuoteIsOutOfPlace) {
  CsvRecord record;
  EXPECT_EQ(record.Add("a,b\"c"), State::kBroken);
  EXPECT_EQ(record.error_column(), 4u);
  record.Clear();
  EXPECT_EQ(record.Add("\"a\"b,c"), State::kBroken);
  EXPECT_EQ(record.error_column(), 4u);
}

TEST(Csv, SaysWhereAQuoteWasOpened) {
  CsvRecord record;
  EXPECT_EQ(record.Add("a"), State::kComplete);
  record.Clear();
  EXPECT_EQ(record.Add("a,\"b"), State::kOpen);
  EXPECT_EQ(record.Add("c"), State::kOpen);
  EXPECT_EQ(record.error_line(), 0u);
  EXPECT_EQ(record.error_column(), 3u);
}

TEST(Csv, ManyFieldsAreRefused) {
  CsvRecord record;
  EXPECT_EQ(record.Add(std::string(CsvRecord::kMaxFields - 1, ',')), State::kComplete);
  record.Clear();
  EXPECT_EQ(record.Add(std::string(1'000'000, ',')), State::kBroken);
}

}  // namespace
}  // namespace tokenbroker::bulk
