#include "bulk/line_reader.h"

#include <gtest/gtest.h>
#include <unistd.h>

namespace tokenbroker::bulk {
namespace {

using Next = LineSource::Next;

class LineReaderTest : public ::testing::Test {
 protected:
  LineReaderTest() { EXPECT_EQ(pipe(ends_), 0); }
  ~LineReaderTest() override {
    close(ends_[0]);
    CloseInput();
  }

  void Write(const std::string& text) { ASSERT_EQ(write(ends_[1], text.data(), text.size()), ssize_t(text.size())); }
  void CloseInput() {
    if (ends_[1] >= 0) close(ends_[1]);
    ends_[1] = -1;
  }

  int ends_[2];
  std::string line_;
};

TEST_F(LineReaderTest, GivesLinesAndThenTheEnd) {
  LineReader reader(ends_[0]);
  Write("one\n\nthree");
  CloseInput();
  for (const char* expected : {"one", "", "three"}) {
    ASSERT_EQ(*reader.Read(line_, true), Next::kLine);
    EXPECT_EQ(line_, expected);
  }
  EXPECT_EQ(*reader.Read(line_, true), Next::kEnd);
}

TEST_F(LineReaderTest, DoesNotWaitWhenToldNotTo) {
  LineReader reader(ends_[0]);
  EXPECT_EQ(*reader.Read(line_, false), Next::kPause);
  Write("half");
  EXPECT_EQ(*reader.Read(line_, false), Next::kPause);
  Write(" a line\n");
  EXPECT_EQ(*reader.Read(line_, false), Next::kLine);
  EXPECT_EQ(line_, "half a line");
}

}  // namespace
}  // namespace tokenbroker::bulk
