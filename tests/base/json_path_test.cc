#include "base/json_path.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

namespace tokenbroker {
namespace {

// "$", then each step: .name or [place].
std::string Shown(const JsonPath& path) {
  std::string text = "$";
  for (const JsonPath::Step& step : path.steps) {
    const std::string* name = std::get_if<std::string>(&step);
    name == nullptr ? absl::StrAppend(&text, "[", std::get<size_t>(step), "]")
                    : absl::StrAppend(&text, "<", *name, ">");
  }
  return path.optional ? text + "?" : text;
}

TEST(JsonPath, ReadsItsFewForms) {
  const std::pair<const char*, const char*> kCases[] = {
      {"$", "$"},
      {"$?", "$?"},
      {"$.a", "$<a>"},
      {"$.a.b[0]['c']", "$<a><b>[0]<c>"},
      {"$['detail-type'].order_id", "$<detail-type><order_id>"},
      {"$[\"a.b\"]", "$<a.b>"},
      {"$['it\\'s']['back\\\\slash']", "$<it's><back\\slash>"},
      {"$['ä']", "$<ä>"},
      {"$['']", "$<>"},
      {"$[12][999999]", "$[12][999999]"},
      {"$.a-b_9?", "$<a-b_9>?"},
      {"$['a?']", "$<a?>"},
  };
  for (const auto& [text, expected] : kCases) {
    const absl::StatusOr<JsonPath> path = JsonPath::Parse(text);
    ASSERT_TRUE(path.ok()) << text << ": " << path.status();
    EXPECT_EQ(Shown(*path), expected);
  }
}

TEST(JsonPath, SaysWhereItCannotGoOn) {
  const std::pair<const char*, const char*> kCases[] = {
      {"", "'$' at its beginning at character 1"},
      {"a.b", "'$' at its beginning at character 1"},
      {"$a", "'.' or '[' at character 2"},
      {"$.", "a name of [A-Za-z0-9_-]"},
      {"$..a", "at character 3"},
      {"$.*", "at character 3"},
      {"$[*]", "a name in quotes, or 0 to 999999 at character 3"},
      {"$[-1]", "at character 3"},
      {"$[1:2]", "']' at character 4"},
      {"$[1000000]", "0 to 999999"},
      {"$['a]", "a quote at the name's end"},
      {"$['a'", "']' at character 6"},
      {"$['a\\n']", "a quote or a backslash behind"},
      {"$['\xff']", "UTF-8"},
      {"$.a?.b", "'.' or '[' at character 4"},
      {"$.a b", "'.' or '[' at character 4"},
  };
  for (const auto& [text, expected] : kCases) {
    const absl::StatusOr<JsonPath> path = JsonPath::Parse(text);
    ASSERT_FALSE(path.ok()) << text;
    EXPECT_NE(path.status().message().find(expected), std::string::npos) << text << ": " << path.status();
  }
}

TEST(JsonPath, HasBounds) {
  std::string steps = "$";
  for (size_t i = 0; i < kMaxJsonPathSteps; ++i) steps += ".a";
  EXPECT_TRUE(JsonPath::Parse(steps).ok());
  EXPECT_FALSE(JsonPath::Parse(steps + ".a").ok());
  EXPECT_TRUE(JsonPath::Parse("$." + std::string(kMaxJsonPathBytes - 2, 'a')).ok());
  EXPECT_FALSE(JsonPath::Parse("$." + std::string(kMaxJsonPathBytes - 1, 'a')).ok());
}

}  // namespace
}  // namespace tokenbroker
