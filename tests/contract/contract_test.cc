// Contracts between those who issue and those who resolve.
#include "server/contract/contract.h"

#include <gtest/gtest.h>

#include "tests/contract/field_of.h"

namespace tokenbroker::contract {
namespace {

using storage::TaskState;

constexpr const char* kOrder = R"({
  "type": "object",
  "required": ["total"],
  "properties": {
    "total": {"type": "number", "minimum": 0},
    "items": {"type": "array", "items": {"type": "object", "properties": {"a/b~c": {"type": "string"}}}}
  }
})";

TEST(Contract, TheBreachIsNamedByAJsonPointer) {
  EXPECT_EQ(FieldOf(kOrder, R"({"total": 3})"), "fine");
  EXPECT_EQ(FieldOf(kOrder, R"({"total": -1})"), "output#/total");
  EXPECT_EQ(FieldOf(kOrder, R"({"total": 1, "items": [{}, {"a/b~c": 1}]})"), "output#/items/1/a~1b~0c");
  EXPECT_EQ(FieldOf(kOrder, "3"), "output#");
  EXPECT_EQ(FieldOf(kOrder, "{}"), "output#");
}

TEST(Contract, TheBreachNeverQuotesTheOutput) {
  const std::optional<Breach> breach = CheckOutput(kOrder, R"({"total": "secret-value"})");
  ASSERT_TRUE(breach.has_value());
  EXPECT_EQ(breach->message.find("secret-value"), std::string::npos) << breach->message;
}

TEST(Contract, AnErrorMustBeInTheList) {
  EXPECT_FALSE(CheckError({}, "anything").has_value());
  EXPECT_FALSE(CheckError({"A", "B"}, "B").has_value());
  EXPECT_EQ(CheckError({"A", "B"}, "b")->field, "error");
  EXPECT_EQ(CheckError({"A"}, "")->field, "error");
}

TEST(Contract, ASuccessIsHeldAgainstTheSchemaAndAFailureAgainstTheErrors) {
  const std::vector<std::string_view> allowed = {"A"};
  const Contract contract{kOrder, allowed};
  EXPECT_EQ(FindBreach(contract, TaskState::kSucceeded, R"({"total": "x"})", "A")->field, "output#/total");
  EXPECT_EQ(FindBreach(contract, TaskState::kFailed, "", "B")->field, "error");
  EXPECT_FALSE(FindBreach(contract, TaskState::kFailed, "", "A").has_value());
  EXPECT_FALSE(FindBreach({}, TaskState::kSucceeded, "1", "").has_value());
  EXPECT_FALSE(FindBreach({}, TaskState::kFailed, "", "B").has_value());
}

TEST(Contract, WhatIsNoSchemaIsRefused) {
  for (const char* schema :
       {"", "7", "[]", "{", R"({"type": 5})", R"({"type": "none"})", R"({"pattern": "a*"})", R"({"properties": 5})",
        R"({"properties": {"a": {"patternProperties": {}}}})", R"({"$ref": "http://example.com/x"})",
        R"({"items": {"$ref": "file:///etc/passwd"}})", R"({"$ref": "#/nowhere"})"}) {
    EXPECT_FALSE(CheckSchema(schema).ok()) << schema;
  }
}

TEST(Contract, OrdinarySchemasAreAccepted) {
  for (const char* schema :
       {"{}", kOrder, R"({"const": 5})", R"({"enum": ["a", 1, null]})",
        R"({"oneOf": [{"type": "string"}, {"type": "null"}]})",
        R"({"definitions": {"a": {"type": "string"}}, "properties": {"x": {"$ref": "#/definitions/a"}}})",
        R"({"properties": {"pattern": {"type": "string"}}})"}) {
    EXPECT_TRUE(CheckSchema(schema).ok()) << schema << CheckSchema(schema);
  }
}

TEST(Contract, ASchemaThatRefersToItselfIsRefused) {
  const absl::Status status = CheckSchema(R"({"type": "object", "properties": {"left": {"$ref": "#"}}})");
  EXPECT_TRUE(absl::IsInvalidArgument(status));
  EXPECT_EQ(status.message(), "must not refer to itself with \"$ref\"");
}

TEST(Contract, ReferencesAreFollowed) {
  const char* schema =
      R"({"definitions": {"money/eur": {"type": "number"}}, "properties": {"total": {"$ref": "#/definitions/money~1eur"}}})";
  ASSERT_TRUE(CheckSchema(schema).ok()) << CheckSchema(schema);
  EXPECT_EQ(FieldOf(schema, R"({"total": 1})"), "fine");
  EXPECT_EQ(FieldOf(schema, R"({"total": "1"})"), "output#/total");
}

TEST(Contract, AReferenceLeadsWhereverItsPointerDoes) {
  for (const char* schema : {R"({"$defs": {"a": {"type": "integer"}}, "properties": {"x": {"$ref": "#/$defs/a"}}})",
                             R"({"$defs": {"a": {"type": "integer"}}, "properties": {"x": {"$ref": "#/%24defs/%61"}}})",
                             R"({"foo": [{"type": "integer"}], "properties": {"x": {"$ref": "#/foo/0"}}})",
                             R"({"a/b%": {"~": {"type": "integer"}}, "properties": {"x": {"$ref": "#/a~1b%25/%7E0"}}})",
                             R"({"properties": {"y": {"type": "integer"}, "x": {"$ref": "#/properties/y"}}})"}) {
    ASSERT_TRUE(CheckSchema(schema).ok()) << schema << CheckSchema(schema);
    EXPECT_EQ(FieldOf(schema, R"({"x": 1})"), "fine") << schema;
    EXPECT_EQ(FieldOf(schema, R"({"x": true})"), "output#/x") << schema;
  }
  EXPECT_FALSE(CheckSchema(R"({"$ref": "#/$defs/b", "$defs": {"a": {}}})").ok());
  EXPECT_FALSE(CheckSchema(R"({"$ref": "#/%", "%": {}})").ok());
}

TEST(Contract, AFormatIsForPeople) {
  const char* schema =
      R"({"properties": {"format": {"type": "string"}, "day": {"format": "date"}, "enum": {"format": "date"}, "kind": {"const": {"format": "x"}}}})";
  ASSERT_TRUE(CheckSchema(schema).ok()) << CheckSchema(schema);
  EXPECT_EQ(FieldOf(schema, R"({"day": "tomorrow", "enum": "tomorrow"})"), "fine");
  EXPECT_EQ(FieldOf(schema, R"({"format": 1})"), "output#/format") << "a property of that name is none";
  EXPECT_EQ(FieldOf(schema, R"({"kind": {"format": "y"}})"), "output#/kind");
}

TEST(Contract, AnOrdinaryOutputOfFullSizeIsChecked) {
  std::string numbers = "[1";
  while (numbers.size() < 262'000) numbers += ",1";
  const char* schema = R"({"items": {"type": "number"}})";
  EXPECT_EQ(FieldOf(schema, numbers + "]"), "fine");
  EXPECT_EQ(FieldOf(schema, numbers + ",\"x\"]"), "output#/131000");
}

TEST(Contract, ANameIsSaidOnce) {
  EXPECT_EQ(FieldOf(R"({"properties": {"a": {"type": "integer"}}})", R"({"a": 1, "a": "x"})"), "output#");
  EXPECT_EQ(FieldOf("{}", R"({"deep": [{"a": 1, "b": 2, "a": 1}]})"), "output#");
  EXPECT_EQ(FieldOf("{}", R"([{"a": 1}, {"a": 1}])"), "fine");
  EXPECT_FALSE(CheckSchema(R"({"type": "string", "type": "number"})").ok());
}

TEST(Contract, ATextGoesOnBehindItsNul) {
  EXPECT_EQ(FieldOf(R"({"maxLength": 3})", R"("ab\u0000cdefg")"), "output#");
  EXPECT_EQ(FieldOf(R"({"minLength": 5})", R"("ab\u0000cd")"), "fine");
  EXPECT_EQ(FieldOf(R"({"const": "a\u0000b"})", R"("a\u0000b")"), "fine");
  EXPECT_EQ(FieldOf(R"({"const": "a\u0000b"})", R"("a\u0000c")"), "output#");
  EXPECT_EQ(FieldOf(R"({"required": ["a\u0000b"]})", R"({"a": 1})"), "output#");
}

TEST(Contract, WhatADraftOf7PassesOverIsRefused) {
  for (const char* schema : {R"({"$schema": "https://json-schema.org/draft/2020-12/schema"})", R"({"$schema": 7})",
                             R"({"type": "array", "prefixItems": [{"type": "string"}]})",
                             R"({"properties": {"a": {"minContains": 2}}})", R"({"unevaluatedProperties": false})"}) {
    EXPECT_FALSE(CheckSchema(schema).ok()) << schema;
  }
  for (const char* schema :
       {R"({"$schema": "http://json-schema.org/draft-07/schema#"})",
        R"({"properties": {"prefixItems": {"type": "string"}, "$id": {"type": "string"}}, "required": ["pattern"]})",
        R"({"const": {"$ref": "elsewhere", "pattern": "a*"}, "default": {"prefixItems": 1}})"}) {
    EXPECT_TRUE(CheckSchema(schema).ok()) << schema << CheckSchema(schema);
  }
}

// A row of 40 fields, 300 times.
TEST(Contract, OrdinaryTablesAreChecked) {
  std::string fields;
  std::string row;
  for (int i = 0; i < 40; ++i) {
    const std::string name = (i == 0 ? "\"f" : ",\"f") + std::to_string(i) + "\":";
    fields += name + R"({"type":"number"})";
    row += name + std::to_string(i);
  }
  const std::string schema = R"({"type":"array","items":{"type":"object","properties":{)" + fields + "}}}";
  std::string rows = "{" + row + "}";
  for (int i = 1; i < 300; ++i) rows += ",{" + row + "}";
  EXPECT_EQ(FieldOf(schema, "[" + rows + "]"), "fine");
  EXPECT_EQ(FieldOf(schema, "[" + rows + R"(,{"f7":"x"}])"), "output#/300/f7");
}

}  // namespace
}  // namespace tokenbroker::contract
