#include "base/json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <simdjson.h>

#include <random>
#include <string>
#include <vector>

#include "base/text.h"

namespace tokenbroker {
namespace {

using testing::HasSubstr;

std::string Nested(int depth) { return std::string(depth, '[') + std::string(depth, ']'); }

std::string NestedObjects(int depth) {
  std::string text;
  for (int i = 0; i < depth; ++i) text += R"({"a":)";
  return text + "1" + std::string(depth, '}');
}

TEST(CheckJson, AcceptsWellFormedValues) {
  const std::string good[] = {
      "null",
      "true",
      "false",
      "0",
      "-0",
      "1",
      "-1.5",
      "1e5",
      "1E+5",
      "1e-5",
      "0.0",
      "10.25e+30",
      // Of any size: nobody reads them here.
      "1e400",
      "-1e-400",
      "123456789012345678901234567890",
      "0.1234567890123456789012345678901234567890",
      R"("")",
      R"("plain")",
      R"("\"\\\/\b\f\n\r\t")",
      R"("\u0000")",
      R"("\u00e9\u20AC")",
      R"("\ud83d\ude00")",
      "\"\x7F\"",
      "\"\xE2\x80\xA8\"",
      "\"\xC3\xA9\xF0\x9F\x98\x80\"",
      "[]",
      "{}",
      "[ ]",
      "{ }",
      "[1]",
      "[1,2 , 3]",
      "[[],{}]",
      R"({"a":1})",
      R"({"a":{"b":[1,{"c":null}]}})",
      R"({"":0})",
      R"({"a":1,"a":2})",
      " \t\r\n1 \t\r\n",
      "\n{\n\"a\"\n:\n[\n]\n}\n",
      R"(["a long string that takes several steps of eight bytes, with \"quotes\" inside", "and another one"])",
      Nested(128),
      NestedObjects(128),
  };
  for (const std::string& text : good) EXPECT_EQ(CheckJson(text), absl::OkStatus()) << text;
}

TEST(CheckJson, RefusesEverythingElse) {
  const std::string bad[] = {
      "",
      " ",
      "\n",
      "nul",
      "nulll",
      "True",
      "undefined",
      "NaN",
      "Infinity",
      "-Infinity",
      "+1",
      "01",
      "-01",
      "-",
      "1.",
      ".5",
      "1.e5",
      "1e",
      "1e+",
      "0x10",
      "1_000",
      "--1",
      "- 1",
      "1 2",
      "1,",
      "{}{}",
      "[] x",
      "'a'",
      "abc",
      "\"",
      "\"a",
      "\"\\\"",
      R"("\x41")",
      R"("\u12")",
      R"("\u12g4")",
      R"("\U0041")",
      "\"\\",
      "\"\\u",
      R"("\ )",
      R"("\ud800")",
      R"("\udc00")",
      R"("\ud800\u0041")",
      R"("\ud800x")",
      R"("\ude00\ud83d")",
      R"("\ud800\ud800")",
      "\"a\nb\"",
      "\"a\tb\"",
      std::string("\"a\0b\"", 5),
      "\"\x1F\"",
      "\"eight by\x01tes\"",
      "[",
      "]",
      "[1",
      "[1,",
      "[1,]",
      "[,1]",
      "[1 2]",
      "[1}",
      "[1:2]",
      "[1,,2]",
      "[\"a\"",
      "{",
      "}",
      "{1:2}",
      "{a:1}",
      R"({"a"})",
      R"({"a":})",
      R"({"a":1,})",
      R"({,"a":1})",
      R"({"a" 1})",
      R"({"a":1 "b":2})",
      R"({"a":1])",
      R"({"a":1,"b"})",
      R"({"a"::1})",
      R"({'a':1})",
      "[1]]",
      "{}}",
      "// x\n1",
      "/* */1",
      "[1] // x",
      "\xEF\xBB\xBF{}",
      "\"\xC3\"",
      "\"\xC0\x80\"",
      "\"\xED\xA0\x80\"",
      "\"\xF8\"",
      "\xFF",
      "[1\xC2\xA0]",
      "\x0B"
      "1",
      std::string("1\0", 2),
      std::string("\0", 1),
      Nested(129),
      NestedObjects(129),
      std::string(100'000, '['),
      std::string(1'000'000, '{'),
  };
  for (const std::string& text : bad) {
    EXPECT_EQ(CheckJson(text).code(), absl::StatusCode::kInvalidArgument) << text.substr(0, 80);
  }
}

TEST(CheckJson, SaysWhatAndWhere) {
  EXPECT_THAT(std::string(CheckJson("{\n  \"a\": 01\n}").message()),
              HasSubstr("a number may not start with 0 (line 2, column 9, offset 10)"));
  EXPECT_THAT(std::string(CheckJson("[1,]").message()), HasSubstr("expected a value (line 1, column 4, offset 3)"));
  EXPECT_THAT(std::string(CheckJson("{\"a\":1").message()),
              HasSubstr("expected ',' or '}' (line 1, column 7, offset 6)"));
  EXPECT_THAT(std::string(CheckJson("approved").message()), HasSubstr("expected a value (line 1, column 1, offset 0)"));
  EXPECT_THAT(std::string(CheckJson(Nested(129)).message()), HasSubstr("deeper than 128 levels (line 1, column 129"));
}

TEST(CheckJson, FindsTheFirstInvalidByte) {
  for (const size_t at : {0, 1, 2, 3, 7, 63, 64, 65, 1'000}) {
    std::string text = "\"" + std::string(at, 'x');
    text += "\xFF and more \xE2\x82\xAC\"";
    EXPECT_THAT(std::string(CheckJson(text).message()), HasSubstr("invalid UTF-8")) << at;
    EXPECT_THAT(std::string(CheckJson(text).message()), HasSubstr("offset " + std::to_string(at + 1) + ")")) << at;
  }
  std::string wide = "\"";
  for (int i = 0; i < 100; ++i) wide += "\xE2\x82\xAC";
  EXPECT_THAT(std::string(CheckJson(wide + "\xE2\x82\"").message()), HasSubstr("offset 301)"));
}

TEST(CheckJson, FindsTheFirstInvalidByteOfAnyText) {
  std::mt19937 random(4);
  for (int round = 0; round < 10'000; ++round) {
    const std::vector<std::string> pieces = {"\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x98\x80", "x", "\x80",
                                             "\xE2\x82", "\xFF"};
    std::string text = "\"";
    for (size_t i = random() % 40; i > 0; --i) text += pieces[random() % (random() % 4 == 0 ? pieces.size() : 4)];
    text += '"';
    size_t first = 0;
    while (const size_t size = FirstCharacterSize(std::string_view(text).substr(first))) first += size;
    const std::string error(CheckJson(text).message());
    if (first == text.size()) {
      EXPECT_EQ(error, "");
    } else {
      EXPECT_THAT(error, HasSubstr("offset " + std::to_string(first) + ")")) << testing::PrintToString(text);
    }
  }
}

TEST(CheckJson, NeverQuotesTheValue) {
  EXPECT_THAT(std::string(CheckJson(R"({"secret": hunter2})").message()), testing::Not(HasSubstr("hunter2")));
}

// simdjson's own verdict, where the two must agree: it reads numbers into its types, and refuses what does not fit.
enum class Verdict { kGood, kBad, kNoOpinion };
Verdict SimdjsonVerdict(simdjson::dom::parser& parser, const std::string& text) {
  const auto error = parser.parse(text).error();
  if (error == simdjson::SUCCESS) return Verdict::kGood;
  if (error == simdjson::NUMBER_ERROR) return Verdict::kNoOpinion;
  return Verdict::kBad;
}

// Damages well-formed texts in many small ways and compares with an independent parser.
TEST(CheckJson, AgreesWithSimdjsonOnDamagedTexts) {
  const std::vector<std::string> seeds = {
      R"({"order":{"id":"A-1","lines":[{"sku":"x","n":2},{"sku":"y\n","n":-3.5e1}],"ok":true,"note":null}})",
      R"(["\u00e9\ud83d\ude00","caf)"
      "\xC3\xA9"
      R"(",[[],[{}]],0,-0,1e9,"a long text without anything special in it"])",
      "  \"\\\\\\\"\"  ", "[[[[[[[[1]]]]]]]]", R"({"a":{"a":{"a":{"a":[false,true,null]}}}})"};
  const std::string alphabet = "{}[]\",:\\u0dD8cC1e-+. \n\ttrfalsn/\x01\x80\xC3\xFF";
  std::mt19937 random(20'260'101);
  simdjson::dom::parser parser;
  ASSERT_EQ(parser.allocate(1'000, kMaxJsonDepth), simdjson::SUCCESS);
  int good = 0;
  for (int round = 0; round < 200'000; ++round) {
    std::string text = seeds[random() % seeds.size()];
    for (int edits = 1 + random() % 3; edits > 0 && !text.empty(); --edits) {
      const size_t at = random() % text.size();
      switch (random() % 4) {
        case 0:
          text.erase(at, 1 + random() % 4);
          break;
        case 1:
          text[at] = alphabet[random() % alphabet.size()];
          break;
        case 2:
          text.insert(at, 1, alphabet[random() % alphabet.size()]);
          break;
        default:
          text.insert(random() % text.size(), text.substr(at, 1 + random() % 8));
      }
    }
    const Verdict expected = SimdjsonVerdict(parser, text);
    if (expected == Verdict::kNoOpinion) continue;
    good += expected == Verdict::kGood;
    ASSERT_EQ(CheckJson(text).ok(), expected == Verdict::kGood) << "round " << round << ": " << text;
  }
  EXPECT_GT(good, 10'000) << "the damage should leave some texts well-formed";
}

}  // namespace
}  // namespace tokenbroker
