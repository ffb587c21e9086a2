// What a schema says of numbers, to the last digit.
#include <gtest/gtest.h>

#include "server/contract/contract.h"
#include "tests/contract/field_of.h"

namespace tokenbroker::contract {
namespace {

TEST(ContractNumbers, AWholeNumberIsAnIntegerHoweverItIsWritten) {
  for (const char* output : {"1", "1.0", "1e2", "-3.0e0", "9007199254740992.0"}) {
    EXPECT_EQ(FieldOf(R"({"type": "integer"})", output), "fine") << output;
  }
  EXPECT_EQ(FieldOf(R"({"type": "integer"})", "1.5"), "output#");
  EXPECT_EQ(FieldOf(R"({"const": 1.0})", "1"), "fine");
  EXPECT_EQ(FieldOf("{}", "1e400"), "output#");
}

TEST(ContractNumbers, LargeIntegersAreIntegersToo) {
  for (const char* output :
       {"1e16", "1000000000000000000", "1000000000000000000.0", "18446744073709551616", "-1e300"}) {
    EXPECT_EQ(FieldOf(R"({"type": "integer"})", output), "fine") << output;
  }
  EXPECT_EQ(FieldOf(R"({"const": 1e18})", "1000000000000000000"), "fine");
  EXPECT_EQ(FieldOf(R"({"maxLength": 1e30})", "\"text\""), "fine");
}

TEST(ContractNumbers, IntegersOf64BitsAreExact) {
  struct Case {
    const char* schema;
    const char* met_by;
    const char* broken_by;
  };
  for (const Case& one : {
           Case{R"({"const": 9007199254740993})", "9007199254740993", "9007199254740992"},
           Case{R"({"enum": ["x", 9007199254740993]})", "9007199254740993", "9007199254740992"},
           Case{R"({"const": {"id": [9007199254740993]}})", R"({"id": [9007199254740993]})",
                R"({"id": [9007199254740992]})"},
           Case{R"({"maximum": 9007199254740992})", "9007199254740992", "9007199254740993"},
           Case{R"({"minimum": 9007199254740993})", "9007199254740993", "9007199254740992"},
           Case{R"({"exclusiveMinimum": 9007199254740992})", "9007199254740993", "9007199254740992"},
           Case{R"({"exclusiveMaximum": 9223372036854775807})", "9223372036854775806", "9223372036854775807"},
           Case{R"({"uniqueItems": true})", "[9007199254740993, 9007199254740992]", "[1e18, 1000000000000000000]"},
           Case{R"({"maximum": 18446744073709551614})", "-1", "18446744073709551615"},
           Case{R"({"const": 18446744073709551615})", "18446744073709551615", "18446744073709551616"},
           Case{R"({"const": -1})", "-1", "18446744073709551615"},
           Case{R"({"multipleOf": 2})", "9007199254740994", "9007199254740993"},
           Case{R"({"multipleOf": 5})", "18446744073709551615", "18446744073709551614"},
           Case{R"({"multipleOf": 9223372036854775808})", "9223372036854775808", "9223372036854775807"},
       }) {
    EXPECT_TRUE(CheckSchema(one.schema).ok()) << CheckSchema(one.schema);
    EXPECT_EQ(FieldOf(one.schema, one.met_by), "fine") << one.schema << one.met_by;
    EXPECT_EQ(FieldOf(one.schema, one.broken_by), "output#") << one.schema << one.broken_by;
  }
}

TEST(ContractNumbers, FractionsAreMultiplesAsNearAsDoublesAre) {
  for (const char* output : {"19.99", "0.07", "-3", "0", "123456789.01"}) {
    EXPECT_EQ(FieldOf(R"({"multipleOf": 0.01})", output), "fine") << output;
  }
  for (const char* output : {"19.995", "1e-17", "0.001"}) {
    EXPECT_EQ(FieldOf(R"({"multipleOf": 0.01})", output), "output#") << output;
  }
  EXPECT_EQ(FieldOf(R"({"multipleOf": 2})", "4.5"), "output#");
}

TEST(ContractNumbers, WhatANumberMustKeepToIsSaid) {
  EXPECT_EQ(CheckOutput(R"({"maximum": 9007199254740992})", "9007199254740993")->message,
            "Expected a number of at most 9007199254740992");
  EXPECT_EQ(CheckOutput(R"({"exclusiveMinimum": 0.5})", "0.5")->message, "Expected a number above 0.5");
  EXPECT_EQ(FieldOf(R"({"maximum": 5})", "\"no number\""), "fine");
  EXPECT_FALSE(CheckSchema(R"({"maximum": "5"})").ok());
}

}  // namespace
}  // namespace tokenbroker::contract
