#include "cli/json.h"

#include <gtest/gtest.h>

namespace tokenbroker::cli {
namespace {

TEST(Json, PayloadsKeepTheirSpelling) {
  Json json = Json::object();
  json["b"] = Verbatim(R"({"n": 1.0, "big": 12345678901234567890123})");
  json["a"] = 1;
  EXPECT_EQ(Print(json, Layout::kOneLine), R"({"b":{"n": 1.0, "big": 12345678901234567890123},"a":1})");
}

TEST(Json, ALinePrintsPayloadsOnOneLine) {
  Json json = Json::object();
  json["p"] = Verbatim("{\n  \"x\": \"a\\nb\"\r\n}");
  EXPECT_EQ(Print(json, Layout::kOneLine), R"({"p":{   "x": "a\nb"  }})");
}

TEST(Json, WhatIsNoJsonBecomesAString) { EXPECT_EQ(Print(Verbatim("plain"), Layout::kOneLine), "\"plain\""); }

TEST(Json, IndentedDocumentsKeepTheOrder) {
  Json json = Json::object();
  json["z"] = Json::array({1, 2});
  json["a"] = Json::object();
  EXPECT_EQ(Print(json, Layout::kIndented), "{\n  \"z\": [\n    1,\n    2\n  ],\n  \"a\": {}\n}");
}

TEST(Json, BadUtf8DoesNotThrow) { EXPECT_EQ(QuoteJson("a\xFFz"), "\"a\xEF\xBF\xBDz\""); }

}  // namespace
}  // namespace tokenbroker::cli
