#include "base/percent.h"

#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tokenbroker {
namespace {

using testing::ElementsAre;
using testing::Pair;

std::string Decoded(std::string_view encoded, Plus plus) {
  std::string out = "before:";
  return AppendPercentDecoded(encoded, plus, out) ? out : "refused";
}

TEST(Percent, EncodesAllThatCouldMeanSomething) {
  EXPECT_EQ(PercentEncoded("aZ09-._~"), "aZ09-._~");
  EXPECT_EQ(PercentEncoded(std::string_view("a b/\xFF+%\0", 8)), "a%20b%2F%FF%2B%25%00");
  EXPECT_EQ(PercentEncoded(""), "");
}

TEST(Percent, DecodesWhatWasEncoded) {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  for (const Plus plus : {Plus::kPlus, Plus::kBlank}) EXPECT_EQ(Decoded(PercentEncoded(all), plus), "before:" + all);
}

TEST(Percent, KnowsBothMeaningsOfPlus) {
  EXPECT_EQ(Decoded("a+b%2bc", Plus::kPlus), "before:a+b+c");
  EXPECT_EQ(Decoded("a+b%2bc", Plus::kBlank), "before:a b+c");
}

TEST(Percent, RefusesBrokenEscapes) {
  for (const char* broken : {"%", "a%", "%4", "%4g", "%g4", "%%41", "%-1"}) {
    EXPECT_EQ(Decoded(broken, Plus::kPlus), "refused") << broken;
    EXPECT_EQ(EscapedByte(broken), -1) << broken;
  }
  EXPECT_EQ(EscapedByte("%fFg"), 255);
  EXPECT_EQ(EscapedByte("a%41"), -1);
}

TEST(Percent, TakesParametersApart) {
  std::vector<std::pair<std::string, std::string>> found;
  ForEachParameter("a=1&&b&c=%26=&=d&",
                   [&](std::string_view name, std::string_view value) { found.emplace_back(name, value); });
  EXPECT_THAT(found, ElementsAre(Pair("a", "1"), Pair("b", ""), Pair("c", "%26="), Pair("", "d")));
}

}  // namespace
}  // namespace tokenbroker
