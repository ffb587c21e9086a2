#include "bulk/json_row.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tokenbroker::bulk {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(JsonRow, TakesTheOutputByteForByte) {
  const auto line = ReadJsonRow(R"( {"token":"tkA", "output": {"n": 1.00, "s":"a,}\"]"} , "request_id":"r"} )", "ns");
  ASSERT_TRUE(line.ok()) << line.status();
  EXPECT_EQ(line->succeed().output(), R"({"n": 1.00, "s":"a,}\"]"})");
  EXPECT_EQ(line->succeed().task().token(), "tkA");
  EXPECT_EQ(line->succeed().request_id(), "r");
}

TEST(JsonRow, ReadsEveryKindOfOutput) {
  for (const char* output : {"null", "-1.5e3", "\"x\"", "[]", "{}", "[[1],{\"a\":[2]}]", "true"}) {
    const auto line = ReadJsonRow(std::string(R"({"id":"0123456789abcdef01","output":)") + output + "}", "ns");
    ASSERT_TRUE(line.ok()) << output << line.status();
    EXPECT_EQ(line->succeed().output(), output);
  }
}

TEST(JsonRow, ReadsFailuresByKey) {
  const auto line = ReadJsonRow(R"({"key":"order \"17\"","error":"Rejected","cause":"no\nstock"})", "ns");
  ASSERT_TRUE(line.ok()) << line.status();
  EXPECT_EQ(line->fail().task().key().namespace_(), "ns");
  EXPECT_EQ(line->fail().task().key().key(), "order \"17\"");
  EXPECT_EQ(line->fail().error(), "Rejected");
  EXPECT_EQ(line->fail().cause(), "no\nstock");
}

TEST(JsonRow, RefusesWhatIsAmbiguous) {
  for (const char* line :
       {"", "[]", "{}", "{\"token\":\"a\"}", R"({"output":1})", R"({"token":"a","key":"b","output":1})",
        R"({"token":"a","output":1,"error":"x"})", R"({"token":1,"output":1})",
        R"({"token":"a","output":1,"outptu":2})", R"({"key":"a","output":1,"output":2})",
        R"({"id":"a","task_id":"a","output":1})", R"({"id":"a","namespace":"n","output":1})",
        R"({"id":"a","outcome":"fail","output":1})", R"({"id":"a","outcome":"succeed","error":"x"})",
        R"({"id":"a","outcome":"maybe"})", R"({"token":"a","output":bare})"}) {
    EXPECT_EQ(ReadJsonRow(line, "ns").status().code(), absl::StatusCode::kInvalidArgument) << line;
  }
}

TEST(JsonRow, AnErrorNeverRepeatsTheToken) {
  EXPECT_THAT(ReadJsonRow(R"({"token":"sec ret","output":1})", "ns").status().ToString(), Not(HasSubstr("sec")));
}

TEST(JsonRow, SaysTheColumnOfWhatIsNoJson) {
  EXPECT_THAT(ReadJsonRow(R"({"key":"a" "output":1})", "ns").status().message(), HasSubstr("(column 12, offset 11)"));
}

TEST(JsonRow, AnOutcomeMaySayItAll) {
  EXPECT_EQ(ReadJsonRow(R"({"key":"a","outcome":"succeed"})", "ns")->succeed().output(), "{}");
  EXPECT_TRUE(ReadJsonRow(R"({"key":"a","outcome":"fail"})", "ns")->has_fail());
  EXPECT_EQ(ReadJsonRow(R"({"key":"a","namespace":"b","outcome":"fail"})", "ns")->fail().task().key().namespace_(),
            "b");
}

TEST(JsonRow, UnderstandsEscapedNames) {
  EXPECT_EQ(ReadJsonRow(R"({"\u006bey":"a","output":1})", "ns")->succeed().task().key().key(), "a");
}

}  // namespace
}  // namespace tokenbroker::bulk
