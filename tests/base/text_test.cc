#include "base/text.h"

#include <gtest/gtest.h>

#include <iterator>
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

TEST(FirstCharacterSize, IsThatOfTheFirstAlone) {
  EXPECT_EQ(FirstCharacterSize("ab"), 1);
  EXPECT_EQ(FirstCharacterSize(std::string_view("\0b", 2)), 1);
  EXPECT_EQ(FirstCharacterSize("\xC3\xA9\xFF"), 2);
  EXPECT_EQ(FirstCharacterSize("\xE2\x82\xAC\xFF"), 3);
  EXPECT_EQ(FirstCharacterSize("\xF0\x9F\x98\x80\xFF"), 4);
}

TEST(FirstCharacterSize, IsZeroWhereThereIsNone) {
  const char* const none[] = {"",
                              "\x80",
                              "\xC3",
                              "\xC3z",
                              "\xC0\x80",
                              "\xE2\x82",
                              "\xE0\x80\x80",
                              "\xED\xA0\x80",
                              "\xF4\x90\x80\x80",
                              "\xF0\x9F\x98",
                              "\xF5",
                              "\xFF"};
  for (const char* text : none) EXPECT_EQ(FirstCharacterSize(text), 0) << testing::PrintToString(std::string(text));
}

TEST(CutAtCharacter, LeavesShortTextAlone) {
  EXPECT_EQ(CutAtCharacter("", 0), "");
  EXPECT_EQ(CutAtCharacter("abc", 3), "abc");
  EXPECT_EQ(CutAtCharacter("\xC3\xA9", 2), "\xC3\xA9");
}

TEST(CutAtCharacter, NeverCutsThroughACharacter) {
  const std::string text = "a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80z";
  const size_t kept[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10};
  for (size_t max = 0; max < std::size(kept); ++max) EXPECT_EQ(CutAtCharacter(text, max).size(), kept[max]) << max;
}

TEST(CutAtCharacter, KeepsAsMuchAsItMayOfWhatIsNoUtf8) {
  EXPECT_EQ(CutAtCharacter(std::string(100, '\x80'), 50).size(), 50);
  EXPECT_EQ(CutAtCharacter("\x80\x80\x80", 2).size(), 2);
}

}  // namespace
}  // namespace tokenbroker
