// Schemas and outputs made to hurt: none may crash, hang or take much memory.
#include <gtest/gtest.h>

#include "server/contract/contract.h"
#include "tests/contract/field_of.h"

namespace tokenbroker::contract {
namespace {

std::string Repeat(std::string_view text, int times) {
  std::string all;
  for (int i = 0; i < times; ++i) all += text;
  return all;
}

// Refused at issue, or harmless at resolve.
void Survives(const std::string& schema, const std::string& output) {
  if (!CheckSchema(schema).ok()) return;
  CheckOutput(schema, output);
}

TEST(HostileContract, ASchemaThatIsItself) {
  Survives(R"({"$ref": "#"})", "1");
  Survives(R"({"allOf": [{"$ref": "#"}]})", "1");
  Survives(R"({"not": {"$ref": "#"}})", "1");
  Survives(R"({"anyOf": [{"$ref": "#"}, {"$ref": "#"}]})", "1");
  Survives(R"({"if": {"$ref": "#"}, "then": {"$ref": "#"}})", "1");
  Survives(
      R"({"definitions": {"a": {"$ref": "#/definitions/b"}, "b": {"$ref": "#/definitions/a"}}, "$ref": "#/definitions/a"})",
      "1");
  Survives(R"({"": {}, "$ref": "#/"})", "1");
  Survives(R"({"a": {"": {}, "$ref": "#/a/"}, "$ref": "#/a"})", "1");
  Survives(
      R"({"definitions": {"a": {"allOf": [{"$ref": "#/definitions/b"}]}, "b": {"allOf": [{"$ref": "#/definitions/a"}]}}, "properties": {"x": {"$ref": "#/definitions/a"}}})",
      R"({"x": 1})");
}

// Between our reading of a reference and valijson's, no schema may come back to itself.
TEST(HostileContract, AReferenceThatIsEscapedTwice) {
  for (const char* escaped : {"%7E1", "~01", "%7E01", "~0%31", "%257E1"}) {
    const std::string schema = R"({"definitions": {"/": {}, "~1": {"$ref": "#/properties/const"}, "%7E1": {}},
      "properties": {"const": {"$ref": "#/definitions/)" +
                               std::string(escaped) + R"("}}})";
    Survives(schema, R"({"const": 1})");
  }
}

TEST(HostileContract, DeepNesting) {
  Survives(R"({"enum":)" + Repeat("[", 16'000) + Repeat("]", 16'000) + "}", "1");
  Survives("{}", Repeat("[", 200'000) + Repeat("]", 200'000));
  Survives(Repeat(R"({"not":)", 5000) + "{}" + Repeat("}", 5000), "1");
  Survives(Repeat(R"({"items":)", 60) + "{}" + Repeat("}", 60), Repeat("[", 128) + Repeat("]", 128));
  Survives(R"({"properties": {"a": {"$ref": "#"}}, "additionalProperties": {"$ref": "#"}})",
           Repeat(R"({"a":)", 127) + "1" + Repeat("}", 127));
}

// Each definition asks for the next one twice: 2^40 checks if nobody counts.
TEST(HostileContract, DoublingReferences) {
  for (const char* keyword : {"allOf", "anyOf", "oneOf"}) {
    std::string definitions;
    for (int i = 0; i < 40; ++i) {
      const std::string next = "{\"$ref\": \"#/definitions/d" + std::to_string(i + 1) + "\"}";
      definitions += "\"d" + std::to_string(i) + "\": {\"" + keyword + "\": [" + next + "," + next + "]},";
    }
    const std::string schema =
        "{\"definitions\": {" + definitions + "\"d40\": {\"type\": \"string\"}}, \"$ref\": \"#/definitions/d0\"}";
    Survives(schema, "1");
    Survives(schema, "\"x\"");
  }
}

TEST(HostileContract, LongStringsAgainstFormats) {
  for (const char* format : {"date", "time", "date-time", "email", "uri", "regex"}) {
    const std::string schema = std::string("{\"format\": \"") + format + "\"}";
    const std::string digits = '"' + std::string(262'000, '1') + '"';
    Survives(schema, digits);
    Survives(R"({"properties": {"const": )" + schema + "}}", R"({"const": )" + digits + "}");
    Survives(R"({"const": )" + schema + R"(, "properties": {"a": {"$ref": "#/const"}}})", R"({"a": )" + digits + "}");
  }
}

TEST(HostileContract, ManyItemsThatMustBeUnique) {
  std::string items = "[0";
  for (int i = 1; i < 40'000; ++i) items += "," + std::to_string(i);
  Survives(R"({"uniqueItems": true})", items + "]");
}

TEST(HostileContract, ManyBranchesTimesManyItems) {
  const std::string schema =
      R"({"items": {"anyOf": [)" + Repeat(R"({"required":["aaaaaaaa"]},)", 1000) + R"({"required":["b"]}]}})";
  Survives(schema, "[{}" + Repeat(",{}", 80'000) + "]");
}

TEST(HostileContract, MultiplesOfNothing) {
  for (const char* factor : {"0", "-0", "0.0", "-1", "1e-400", "-9223372036854775808", "\"0\""}) {
    EXPECT_FALSE(CheckSchema(std::string("{\"multipleOf\": ") + factor + "}").ok()) << factor;
  }
  for (const char* factor : {"1", "0.01", "9223372036854775807", "18446744073709551615", "1e300"}) {
    for (const char* output : {"0", "7", "-9223372036854775808", "1e308", "18446744073709551615"}) {
      Survives(std::string("{\"multipleOf\": ") + factor + "}", output);
    }
  }
}

TEST(HostileContract, BytesThatAreNoText) {
  EXPECT_FALSE(CheckSchema("{\"title\": \"\xff\"}").ok());
  EXPECT_EQ(FieldOf(R"({"maxLength": 1})", "\"\xfe\xff\""), "output#");
  Survives(R"({"maxLength": 1})", R"("\udc00\udc00")");
}

// One step at a time these would take seconds.
TEST(HostileContract, WhatTakesTooManyStepsIsRefused) {
  std::string alternatives = R"({"const":0})";
  for (int i = 1; i < 1500; ++i) alternatives += R"(,{"const":)" + std::to_string(i) + "}";
  const std::string schema = R"({"items":{"anyOf":[)" + alternatives + "]}}";
  const auto values = [](int count) { return "[-1" + Repeat(",-1", count - 1) + "]"; };
  EXPECT_EQ(FieldOf(schema, values(20)), "output#/0");
  EXPECT_EQ(CheckOutput(schema, values(150))->message, "does not meet the task's output schema");
  EXPECT_EQ(CheckOutput(schema, values(300))->message, "is too large to be held against the task's output schema");
  const std::string lengths = R"({"anyOf":[)" + Repeat(R"({"maxLength":5},)", 1500) + "{}]}";
  EXPECT_EQ(FieldOf(lengths, "\"" + std::string(200'000, 'a') + "\""), "output#");
}

}  // namespace
}  // namespace tokenbroker::contract
