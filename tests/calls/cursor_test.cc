#include "server/calls/cursor.h"

#include <gtest/gtest.h>

namespace tokenbroker::calls {
namespace {

TEST(CursorTest, ComesBackAsItWasGiven) {
  for (storage::Sequence at : {storage::Sequence{0}, storage::Sequence{1}, storage::MakeSequence(3, 77), UINT64_MAX}) {
    EXPECT_EQ(ParseCursor(FormatCursor(at)), at);
    EXPECT_EQ(ParsePageToken(FormatPageToken(at, 5), 5), at);
  }
}

TEST(CursorTest, OtherTextsAreNone) {
  for (const char* text :
       {"", "c", "c000000000000000G", "c00000000000000001", "p0000000000000001", "0000000000000001"}) {
    EXPECT_FALSE(ParseCursor(text).has_value()) << text;
    EXPECT_FALSE(ParsePageToken(text, 0).has_value()) << text;
  }
}

TEST(CursorTest, APageTokenIsForItsOwnConditions) {
  tokenbroker::v1::ListTasksRequest request;
  request.set_namespace_("a");
  (*request.mutable_filter()->mutable_labels())["x"] = "1";
  (*request.mutable_filter()->mutable_labels())["y"] = "2";
  const uint64_t conditions = HashConditions(request);
  request.set_page_size(7);  // may change from page to page
  EXPECT_EQ(HashConditions(request), conditions);
  (*request.mutable_filter()->mutable_labels())["y"] = "3";
  EXPECT_NE(HashConditions(request), conditions);
  EXPECT_FALSE(ParsePageToken(FormatPageToken(9, conditions), HashConditions(request)).has_value());
}

}  // namespace
}  // namespace tokenbroker::calls
