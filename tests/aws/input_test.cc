#include "server/aws/input.h"

#include <gtest/gtest.h>

#include "server/aws/constraints.h"

namespace tokenbroker::aws {
namespace {

std::string Text(const Error& error) { return error ? std::string(error.kind->name) + ": " + error.message : "OK"; }

// What comes of reading "m" as a string.
std::string Read(const std::string& body) {
  Input input;
  if (const Error error = input.Parse(body)) return Text(error);
  std::optional<std::string> value;
  if (const Error error = input.Text("m", value)) return Text(error);
  return value ? "<" + *value + ">" : "absent";
}

TEST(Input, ReadsStringsOfOneObject) {
  EXPECT_EQ(Read(R"({"m":"text"})"), "<text>");
  EXPECT_EQ(Read(" { \"x\" : [1,{\"m\":2}] , \"m\" : \"\" } "), "<>");
  EXPECT_EQ(Read(R"({"m":"caf\u00e9 \ud83d\ude00 \"\\\n"})"), "<caf\xC3\xA9 \xF0\x9F\x98\x80 \"\\\n>");
  EXPECT_EQ(Read(R"({"\u006d":"escaped name"})"), "<escaped name>");
}

TEST(Input, WhatIsNullIsNotThere) {
  for (const char* body : {"", "{}", "{\"m\":null}", "{\"M\":\"other\"}"}) EXPECT_EQ(Read(body), "absent") << body;
}

TEST(Input, WhatIsNoObjectIsASerializationException) {
  EXPECT_EQ(Read("[]"), "SerializationException: The body must be a JSON object, not an array");
  EXPECT_EQ(Read("\"m\""), "SerializationException: The body must be a JSON object, not a string");
  for (const char* body : {"{", " ", "{\"m\":}", "{\"m\":\"\xFF\"}", "{\"m\":\"\\ud800\"}", "{}{}", "\xEF\xBB\xBF{}"}) {
    EXPECT_EQ(Read(body).rfind("SerializationException: The body must be JSON: ", 0), 0u) << Read(body);
  }
  const std::string deep = "{\"m\":" + std::string(1000, '[') + std::string(1000, ']') + "}";
  EXPECT_EQ(Read(deep).rfind("SerializationException: ", 0), 0u);
}

TEST(Input, WhatIsNoStringIsNamedAsCoralNamesIt) {
  EXPECT_EQ(Read(R"({"m":1})"), "SerializationException: NUMBER_VALUE can not be converted to a String");
  EXPECT_EQ(Read(R"({"m":true})"), "SerializationException: TRUE_VALUE can not be converted to a String");
  EXPECT_EQ(Read(R"({"m":false})"), "SerializationException: FALSE_VALUE can not be converted to a String");
  EXPECT_EQ(Read(R"({"m":{}})"), "SerializationException: Start of structure or map found where not expected.");
  EXPECT_EQ(Read(R"({"m":[]})"), "SerializationException: Start of list found where not expected.");
}

TEST(Input, ANameComesOnceAndThereAreNotManyOfThem) {
  EXPECT_EQ(Read(R"({"m":"a","m":"b"})"), "SerializationException: The member 'm' is there twice");
  EXPECT_EQ(Read(R"({"\u006d":"a","m":"b"})"), "SerializationException: The member 'm' is there twice");
  std::string many = "{\"m\":\"a\"";
  for (int i = 0; i < 63; ++i) many += ",\"x" + std::to_string(i) + "\":0";
  EXPECT_EQ(Read(many + "}"), "<a>");
  EXPECT_EQ(Read(many + ",\"y\":0}"), "SerializationException: The body has more than 64 members");
}

TEST(Constraints, AreAllNamedInOneText) {
  Constraints constraints;
  EXPECT_FALSE(constraints.error());
  constraints.NotNull("a", "x");
  constraints.MinLength("a", std::nullopt, 1);
  constraints.MaxLength("a", "xy", 2);
  EXPECT_FALSE(constraints.error());
  constraints.NotNull("a", std::nullopt);
  EXPECT_EQ(Text(constraints.error()),
            "ValidationException: 1 validation error detected: Value at 'a' failed to satisfy constraint: Member must "
            "not be null");
  constraints.MinLength("b", "", 1);
  constraints.MaxLength("c", "xyz", 2);
  EXPECT_EQ(Text(constraints.error()),
            "ValidationException: 3 validation errors detected: Value at 'a' failed to satisfy constraint: Member must "
            "not be null; Value at 'b' failed to satisfy constraint: Member must have length greater than or equal to "
            "1; Value at 'c' failed to satisfy constraint: Member must have length less than or equal to 2");
}

}  // namespace
}  // namespace tokenbroker::aws
