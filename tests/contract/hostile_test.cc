// Schemas and outputs made to hurt: none may crash, hang or take much memory.
#include <gtest/gtest.h>

#include <random>
#include <set>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
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

// Keywords where names are wanted, names where keywords are, and references from all of it into all of it, their
// characters escaped once, twice or not at all.
class RandomSchema {
 public:
  explicit RandomSchema(uint64_t seed) : random_(seed) {}

  std::string Make() {
    std::string schema = Value("#", 4);
    for (size_t at = 0; (at = schema.find('@', at)) != std::string::npos;) schema.replace(at, 1, Pick(paths_));
    return schema;
  }

  std::string Output(int depth) { return depth == 0 ? "1" : "{\"" + Name() + "\":" + Output(depth - 1) + "}"; }

 private:
  int Below(int end) { return static_cast<int>(random_() % static_cast<uint64_t>(end)); }
  std::string Pick(const std::vector<std::string>& from) { return from[Below(static_cast<int>(from.size()))]; }
  std::string Name() {
    return Pick(
        {"properties", "definitions", "const", "enum", "items", "allOf", "not", "dependencies", "/", "~1", "a"});
  }
  std::string Scalar() { return Pick({"{}", "1", "true", R"("text")", "[]"}); }

  // "@" stands for a reference.
  std::string Value(const std::string& path, int depth) {
    paths_.push_back(path);
    if (depth == 0) return Below(3) == 0 ? Scalar() : R"({"$ref":"@"})";
    if (Below(12) == 0) return "[" + Value(path + "/0", depth - 1) + "]";
    std::string members;
    std::set<std::string> names;
    for (int left = 1 + Below(3); left > 0; --left) {
      const std::string name = Name();
      if (!names.insert(name).second) continue;
      absl::StrAppend(&members, members.empty() ? "" : ",", "\"", name, "\":");
      members += Below(4) == 0 ? R"({"$ref":"@"})" : Value(path + "/" + Escaped(name), depth - 1);
    }
    return "{" + members + "}";
  }

  std::string Escaped(const std::string& name) {
    std::string escaped = Below(6) == 0 ? name : absl::StrReplaceAll(name, {{"~", "~0"}, {"/", "~1"}});
    if (Below(3) == 0) escaped = absl::StrReplaceAll(escaped, {{"~", "%7E"}});
    if (Below(6) == 0) escaped = absl::StrReplaceAll(escaped, {{"%", "%25"}});
    return escaped;
  }

  std::mt19937_64 random_;
  std::vector<std::string> paths_;
};

TEST(HostileContract, MadeAtRandom) {
  int usable = 0;
  for (uint64_t seed = 0; seed < 20'000; ++seed) {
    RandomSchema random(seed);
    const std::string schema = random.Make();
    if (CheckSchema(schema).ok()) ++usable;
    Survives(schema, random.Output(3));
  }
  EXPECT_GT(usable, 1'000) << "most are refused before they are read";
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
