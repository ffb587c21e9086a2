#include "json/select.h"

#include <gtest/gtest.h>

#include <string>

#include "base/json.h"

namespace tokenbroker::json {
namespace {

std::string Selected(const std::string& text, const std::string& path) {
  EXPECT_TRUE(CheckJson(text).ok()) << text;
  const std::optional<std::string_view> value = Select(text, *JsonPath::Parse(path));
  return value.has_value() ? std::string(*value) : "none";
}

TEST(Select, AnswersTheValueAsItStands) {
  const std::string text = R"( { "a" : { "b" : [ 1e400 , {"c":"x\/y"} , [ ] ] } , "d-e":null, "f":"" } )";
  const std::pair<const char*, const char*> kCases[] = {
      {"$.a.b[0]", "1e400"},
      {"$.a.b[1].c", R"("x\/y")"},
      {"$.a.b[1]['c']", R"("x\/y")"},
      {"$.a.b[1]", R"({"c":"x\/y"})"},
      {"$.a.b[2]", "[ ]"},
      {"$.d-e", "null"},
      {"$.f", "\"\""},
      {"$", R"({ "a" : { "b" : [ 1e400 , {"c":"x\/y"} , [ ] ] } , "d-e":null, "f":"" })"},
  };
  for (const auto& [path, expected] : kCases) EXPECT_EQ(Selected(text, path), expected) << path;
}

TEST(Select, FindsNothingWhereThereIsNothing) {
  const std::string text = R"({"a":{"b":[1]},"e":{},"n":[]})";
  for (const char* path : {"$.x", "$.a.x", "$.a[0]", "$.a.b.c", "$.a.b[1]", "$.a.b[0].c", "$.e.x", "$.n[0]", "$[0]"}) {
    EXPECT_EQ(Selected(text, path), "none") << path;
  }
  EXPECT_EQ(Selected("1", "$.a"), "none");
  EXPECT_EQ(Selected("1", "$"), "1");
}

TEST(Select, UnderstandsEscapedAndRepeatedNames) {
  EXPECT_EQ(Selected(R"({"\u0061\"":1})", R"($['a\"'])"), "1");
  EXPECT_EQ(Selected(R"({"a":1,"a":2})", "$.a"), "2");
}

}  // namespace
}  // namespace tokenbroker::json
