// Whatever a task says, the page says it as text.
#include "server/pages/html.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <random>

#include "base/text.h"
#include "server/pages/page.h"
#include "server/pages/style.h"

namespace tokenbroker::pages {
namespace {

TEST(Html, WhatMeansSomethingIsEscaped) {
  EXPECT_EQ(Escaped("<a href=\"x\" b='y'>&amp;"), "&lt;a href=&quot;x&quot; b=&#39;y&#39;&gt;&amp;amp;");
  EXPECT_EQ(Escaped("Käse 🧀\n\tx"), "Käse 🧀\n\tx");
}

TEST(Html, WhatIsNoTextIsReplaced) {
  EXPECT_EQ(Escaped(std::string("a\0b\x1b\x7f", 5)), "a\uFFFDb\uFFFD\uFFFD");
  EXPECT_EQ(Escaped("\xff\xc3"), "\uFFFD\uFFFD");
  EXPECT_EQ(Escaped("pay \u202Egnp.exe\u2066 \u061C\u200F"), "pay \uFFFDgnp.exe\uFFFD \uFFFD\uFFFD");
}

TEST(Html, ShortenedTextsEndAtACharacter) {
  EXPECT_EQ(Shortened("abc", 3), "abc");
  EXPECT_EQ(Shortened("abcd", 3), "abc…");
  EXPECT_EQ(Shortened("aäö", 2), "a…");
}

// Bytes that look like markup more often than chance would have it.
std::string Hostile(std::mt19937_64& random) {
  static const char* const kPieces[] = {
      "<",   ">",  "\"",     "'",        "&",  "</",   "<script>",    "-->", "]]>", "\\",   "=",  "\xff", "\xc3",
      "&#x", "\r", "\u2028", "</style>", "{}", "\xE2", "javascript:", "{\"", "\":", "<!--", "\0", " ",    "onload"};
  std::string text;
  for (size_t pieces = random() % 12; pieces > 0; --pieces) {
    if (random() % 4 == 0)
      text.push_back(static_cast<char>(random()));
    else
      text += kPieces[random() % std::size(kPieces)];
  }
  return text;
}

TEST(Html, NoBytesBreakOutOfTheirPlace) {
  std::mt19937_64 random(7);
  for (int i = 0; i < 20'000; ++i) {
    const std::string escaped = Escaped(Hostile(random));
    ASSERT_EQ(escaped.find_first_of("<>\"'"), std::string::npos);
    ASSERT_TRUE(IsValidUtf8(escaped));
    for (size_t at = escaped.find('&'); at != std::string::npos; at = escaped.find('&', at + 1)) {
      const std::string entity = escaped.substr(at, escaped.find(';', at) - at + 1);
      ASSERT_TRUE(entity == "&amp;" || entity == "&lt;" || entity == "&gt;" || entity == "&quot;" || entity == "&#39;");
    }
  }
}

// The tags and attributes of a page: all that stands between < and >, without what attributes hold.
std::string SkeletonOf(const std::string& html) {
  std::string skeleton;
  bool in_tag = false;
  bool in_value = false;
  for (const char c : html) {
    if (in_tag && c == '"') in_value = !in_value;
    if (!in_value && c == '<') in_tag = true;
    if (in_tag && !in_value) skeleton.push_back(c);
    if (!in_value && c == '>') in_tag = false;
  }
  return skeleton;
}

struct Texts {
  std::string summary, key, value, error, cause, who, button, title, problem, filled;
};

std::string PageOf(const Texts& texts, bool ended) {
  broker::TaskRecord record;
  record.task = 7;
  record.state = ended ? broker::TaskState::kFailed : broker::TaskState::kWaiting;
  record.deadline = 3'600'000;
  record.issued.summary = texts.summary;
  record.issued.labels = {{texts.key, texts.value}, {kSucceedLabel, texts.button}, {kFailLabel, texts.button}};
  record.issued.allowed_errors = {texts.error};
  const std::string form = R"({"type":"object","properties":{"f":{"type":"string","title":)" + texts.title +
                           R"(},"g":{"enum":["a",)" + texts.title + "]}}}";
  record.issued.output_schema = form;
  record.issued.input = texts.title;
  if (ended) {
    record.outcome.emplace();
    record.outcome->error = texts.error;
    record.outcome->cause = texts.cause;
    record.outcome->resolved_by = texts.who;
    record.outcome->output = texts.title;
  }
  Sight sight = SightOf(record, {}, {"*"}, 1000);
  const std::string token = texts.summary;
  return TaskPage(sight, {token, Action::kPage, texts.problem, {{"f", texts.filled}, {"cause", texts.filled}}});
}

TEST(Html, AHostileTaskHasThePageOfAHarmlessOne) {
  std::mt19937_64 random(11);
  const std::string plain = "text";
  const Texts harmless{plain, plain, plain, plain, plain, plain, plain, "\"text\"", plain, plain};
  for (const bool ended : {false, true}) {
    const std::string right = SkeletonOf(PageOf(harmless, ended));
    for (int i = 0; i < 2'000; ++i) {
      const auto text = [&] { return "x" + Hostile(random); };
      // JSON that says it in a string, where it has to be UTF-8.
      const std::string json = nlohmann::json(text()).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
      const Texts hostile{text(), text(), text(), text(), text(), text(), text(), json, text(), text()};
      ASSERT_EQ(SkeletonOf(PageOf(hostile, ended)), right);
    }
  }
}

TEST(Html, TheStyleSheetNamesNothingElsewhere) {
  EXPECT_EQ(StyleSheet().find("url("), std::string::npos);
  EXPECT_EQ(StyleSheet().find("@import"), std::string::npos);
  EXPECT_EQ(StyleSheet().find('<'), std::string::npos);
}

}  // namespace
}  // namespace tokenbroker::pages
