#include "cli/bulk/line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tokenbroker::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Pair;

TEST(BulkLine, TakesTheOutputByteForByte) {
  const auto line = ParseBulkLine(R"( {"token":"tkA", "output": {"n": 1.00, "s":"a,}\"]"} , "request_id":"r"} )", "ns");
  ASSERT_TRUE(line.ok()) << line.status();
  EXPECT_EQ(line->succeed().output(), R"({"n": 1.00, "s":"a,}\"]"})");
  EXPECT_EQ(line->succeed().task().token(), "tkA");
  EXPECT_EQ(line->succeed().request_id(), "r");
}

TEST(BulkLine, ReadsEveryKindOfOutput) {
  for (const char* output : {"null", "-1.5e3", "\"x\"", "[]", "{}", "[[1],{\"a\":[2]}]", "true"}) {
    const auto line = ParseBulkLine(std::string(R"({"id":"0123456789abcdef01","output":)") + output + "}", "ns");
    ASSERT_TRUE(line.ok()) << output << line.status();
    EXPECT_EQ(line->succeed().output(), output);
  }
}

TEST(BulkLine, ReadsFailuresByKey) {
  const auto line = ParseBulkLine(R"({"key":"order \"17\"","error":"Rejected","cause":"no\nstock"})", "ns");
  ASSERT_TRUE(line.ok()) << line.status();
  EXPECT_EQ(line->fail().task().key().namespace_(), "ns");
  EXPECT_EQ(line->fail().task().key().key(), "order \"17\"");
  EXPECT_EQ(line->fail().error(), "Rejected");
  EXPECT_EQ(line->fail().cause(), "no\nstock");
}

TEST(BulkLine, RefusesWhatIsAmbiguous) {
  for (const char* line :
       {"", "[]", "{}", "{\"token\":\"a\"}", R"({"output":1})", R"({"token":"a","key":"b","output":1})",
        R"({"token":"a","output":1,"error":"x"})", R"({"token":1,"output":1})",
        R"({"token":"a","output":1,"outptu":2})", R"({"token":"a","output":bare})"}) {
    EXPECT_EQ(ParseBulkLine(line, "ns").status().code(), absl::StatusCode::kInvalidArgument) << line;
  }
}

TEST(BulkLine, AnErrorNeverRepeatsTheToken) {
  EXPECT_THAT(ParseBulkLine(R"({"token":"sec ret","output":1})", "ns").status().ToString(), Not(HasSubstr("sec")));
}

TEST(BulkLine, SplitsMembersWithEscapedNames) {
  EXPECT_THAT(SplitMembers(R"({ "a\"b" : [1, {"c":"]"}] , "d":"\\" })"),
              ElementsAre(Pair("a\"b", R"([1, {"c":"]"}])"), Pair("d", R"("\\")")));
}

}  // namespace
}  // namespace tokenbroker::cli
