#include "base/text.h"

#include <gtest/gtest.h>

#include <string>

namespace tokenbroker {
namespace {

TEST(IsValidUtf8, AcceptsEveryLengthOfSequence) {
  EXPECT_TRUE(IsValidUtf8(""));
  EXPECT_TRUE(IsValidUtf8("plain"));
  EXPECT_TRUE(IsValidUtf8("\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80 \xF4\x8F\xBF\xBF"));
}

TEST(IsValidUtf8, RefusesWhatIsNotShortestWholeAndInRange) {
  const char* const bad[] = {"\x80", "\xC3", "\xC0\x80", "\xE0\x80\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80",
                             "\xF5", "\xFF"};
  for (const char* text : bad) {
    EXPECT_FALSE(IsValidUtf8(text)) << testing::PrintToString(std::string(text));
    EXPECT_FALSE(IsValidUtf8(std::string(100, 'x') + text)) << "behind a long run";
  }
}

TEST(HasControlCharacters, KnowsBothRangesAndDelete) {
  EXPECT_FALSE(HasControlCharacters(""));
  EXPECT_FALSE(HasControlCharacters("caf\xC3\xA9 \xE2\x82\xAC"));
  EXPECT_FALSE(HasControlCharacters("\xC2\xA0")) << "a no-break space is none";
  EXPECT_TRUE(HasControlCharacters("a\nb"));
  EXPECT_TRUE(HasControlCharacters(std::string_view("a\0b", 3)));
  EXPECT_TRUE(HasControlCharacters("a\x7F"));
  EXPECT_TRUE(HasControlCharacters("a\xC2\x85"));
}

}  // namespace
}  // namespace tokenbroker
