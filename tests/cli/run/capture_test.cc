#include "cli/run/capture.h"

#include <gtest/gtest.h>

namespace tokenbroker::cli {
namespace {

TEST(Head, KeepsTheBeginning) {
  Head head(5);
  head.Add("abc");
  EXPECT_FALSE(head.overflowed());
  head.Add("defg");
  EXPECT_EQ(head.text(), "abcde");
  EXPECT_TRUE(head.overflowed());
}

TEST(Tail, KeepsTheEnd) {
  Tail tail(5);
  for (int i = 0; i < 100; ++i) tail.Add("0123456789");
  EXPECT_EQ(tail.Text(), "56789");
}

TEST(Tail, NeverBeginsWithinACharacter) {
  Tail tail(4);
  tail.Add("xx\xC3\xA4\xC3\xA4z");
  EXPECT_EQ(tail.Text(), "\xC3\xA4z");
}

TEST(Utf8, ValidTextIsLeftAlone) {
  const std::string text = "a\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80";
  EXPECT_EQ(RepairUtf8(text), text);
}

TEST(Utf8, StrayBytesSurrogatesAndOverlongFormsAreReplaced) {
  EXPECT_EQ(RepairUtf8("a\xFFz"), "a\uFFFDz");
  EXPECT_EQ(RepairUtf8("\xE2\x82"), "\uFFFD\uFFFD");
  EXPECT_EQ(RepairUtf8("\xC0\x80"), "\uFFFD\uFFFD");
  EXPECT_EQ(RepairUtf8("\xED\xA0\x80"), "\uFFFD\uFFFD\uFFFD");
}

}  // namespace
}  // namespace tokenbroker::cli
