#include "server/pages/form.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/pages/fields.h"

namespace tokenbroker::pages {
namespace {

using ::testing::HasSubstr;

constexpr char kSchema[] = R"({"type":"object","required":["n","c"],"properties":{
  "s":{"type":"string","title":"Name","description":"as in the passport"},
  "l":{"type":"string","maxLength":500},
  "n":{"type":"number"},"i":{"type":"integer","default":3},"b":{"type":"boolean"},
  "c":{"enum":["red","blue"]}}})";

std::string Output(const Filled& filled, const char* schema = kSchema) {
  const auto output = OutputOf(FormOf(schema), filled);
  return output.ok() ? *output : std::string(output.status().message());
}

TEST(Form, PropertiesBecomeFieldsInTheirOrder) {
  const Form form = FormOf(kSchema);
  ASSERT_EQ(form.fields.size(), 6u);
  EXPECT_EQ(form.fields[0].title, "Name");
  EXPECT_EQ(form.fields[1].kind, Field::Kind::kLongText);
  EXPECT_EQ(form.fields[3].preset, "3");
  EXPECT_EQ(form.fields[5].choices.size(), 2u);
  EXPECT_TRUE(form.fields[2].required);
  EXPECT_FALSE(form.free);
}

TEST(Form, OtherSchemasAreFree) {
  for (const char* schema : {"true", "{}", R"({"type":"string"})", R"({"type":"object"})",
                             R"({"type":"object","properties":{"a":{"type":"array"}}})",
                             R"({"type":"object","properties":{"a":{"enum":[1,2]}}})",
                             R"({"type":"object","properties":{"_a":{"type":"string"}}})",
                             R"({"type":"object","required":["z"],"properties":{"a":{"type":"string"}}})"}) {
    EXPECT_TRUE(FormOf(schema).free) << schema;
    EXPECT_TRUE(FormOf(schema).fields.empty()) << schema;
  }
  EXPECT_FALSE(FormOf("").free);
}

TEST(Form, ValuesGetTheTypesOfTheirFields) {
  EXPECT_EQ(Output({{"s", "A \"b\""}, {"n", "1.50"}, {"i", "-2"}, {"b", "true"}, {"c", "red"}, {"x", "ignored"}}),
            R"({"s":"A \"b\"","n":1.50,"i":-2,"b":true,"c":"red"})");
  EXPECT_EQ(Output({{"n", "1"}, {"c", "blue"}}), R"({"n":1,"b":false,"c":"blue"})");
}

TEST(Form, WhatDoesNotFitIsNamed) {
  EXPECT_EQ(Output({{"n", ""}, {"c", "red"}}), "the field n is required");
  EXPECT_EQ(Output({{"n", "1"}, {"c", "green"}}), "the field c must be one of those that are offered");
  for (const char* number : {"1,5", "x", "1 2", "\"1\"", "0x10", "1e999", "NaN", "1}", "01", "-", "[1]", "true", " "}) {
    EXPECT_EQ(Output({{"n", number}, {"c", "red"}}), "the field n must be a number of at most 64 characters") << number;
  }
  for (const char* number : {"1.5", "1e3", "1.0", "{}"}) {
    EXPECT_EQ(Output({{"n", "1"}, {"i", number}, {"c", "red"}}),
              "the field i must be a whole number of at most 64 characters");
  }
}

TEST(Form, NumbersAreBounded) {
  const std::string long_number(64, '7');
  EXPECT_EQ(Output({{"n", long_number}, {"i", long_number}, {"c", "red"}}),
            "{\"n\":" + long_number + ",\"i\":" + long_number + R"(,"b":false,"c":"red"})");
  for (const char* field : {"n", "i"}) {
    EXPECT_THAT(Output({{field, long_number + "7"}, {"n", "1"}, {"c", "red"}}), HasSubstr("at most 64 characters"));
  }
}

TEST(Form, JsonTextGoesAsItIs) {
  EXPECT_EQ(Output({{"_output", "[1, 2]"}}, "true"), "[1, 2]");
  EXPECT_THAT(Output({{"_output", "[1"}}, "true"), HasSubstr("column"));
}

TEST(Form, WithoutASchemaFieldsAreTexts) {
  EXPECT_EQ(Output({{"_form", "x"}, {"a", "1"}, {"b", ""}}, ""), R"({"a":"1","b":""})");
  EXPECT_EQ(Output({{"_form", "x"}}, ""), "{}");
  EXPECT_THAT(Output({{"a", "1"}, {"a", "2"}}, ""), HasSubstr("twice"));
}

TEST(Form, EveryControlHasItsLabel) {
  const std::string html = FieldsHtml(FormOf(kSchema), {});
  for (int i = 0; i < 6; ++i) {
    const std::string id = "f" + std::to_string(i) + "\"";
    EXPECT_THAT(html, HasSubstr("for=\"" + id));
    EXPECT_THAT(html, HasSubstr("id=\"" + id));
  }
  EXPECT_THAT(html, HasSubstr("as in the passport"));
}

}  // namespace
}  // namespace tokenbroker::pages
