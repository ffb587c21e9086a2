// The small parts: queries, deadlines, gzip, answers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "server/http/deadlines.h"
#include "server/http/inbox.h"
#include "server/http/inflater.h"
#include "server/http/output.h"
#include "server/http/path.h"
#include "server/http/reasons.h"
#include "server/http/response.h"
#include "tests/http/gzip.h"

namespace tokenbroker::http {
namespace {

using testing::ElementsAre;
using testing::Pair;

TEST(Reasons, AreExplainedInTheDocuments) {
  std::ifstream file(std::string(TB_DOCS) + "/errors.md");
  std::stringstream text;
  text << file.rdbuf();
  const std::string section = text.str().substr(text.str().find("## Before there is a call"));
  for (const char* reason : reason::kAll) {
    const std::string name = absl::StrCat("`", absl::AsciiStrToUpper(reason), "`");
    EXPECT_NE(section.find(name), std::string::npos) << name;
  }
}

TEST(Query, IsTakenApart) {
  EXPECT_THAT(*ParseQuery("a=1&b=x%20y+z&&c&d=%3D="),
              ElementsAre(Pair("a", "1"), Pair("b", "x y z"), Pair("c", ""), Pair("d", "==")));
  EXPECT_TRUE(ParseQuery("")->empty());
  EXPECT_FALSE(ParseQuery("a=%").ok());
  EXPECT_FALSE(ParseQuery("%00=1").ok());
  std::string many;
  for (int i = 0; i < 101; ++i) many += "a=1&";
  EXPECT_FALSE(ParseQuery(many).ok());
}

// What the parts of `output` say, `size` bytes of it, as if they had been written.
std::string Take(Output& output, size_t size) {
  std::string taken;
  for (const iovec& part : output.Parts()) taken.append(static_cast<const char*>(part.iov_base), part.iov_len);
  taken.resize(std::min(size, taken.size()));
  output.Wrote(taken.size());
  return taken;
}

TEST(Output, KeepsItsOrderInWhateverPiecesItIsTaken) {
  const std::string large(2 * Output::kSmall, 'x');
  for (const size_t size : {1u, 7u, 1'000u, 50'000u, 200'000u}) {
    Output output;
    std::string taken;
    output.text().append("head");
    output.AppendBody(large);
    output.text().append("next");
    taken += Take(output, size);
    output.text().append("later");
    output.AppendBody(large + "y");
    while (!output.empty()) taken += Take(output, size);
    EXPECT_EQ(taken, "head" + large + "nextlater" + large + "y") << size;
  }
}

TEST(Output, DoesNotGrowForAReaderThatIsAlwaysALittleBehind) {
  Output output;
  output.text().append("ab");
  for (int i = 0; i < 100'000; ++i) {
    output.text().append("ab");
    ASSERT_EQ(Take(output, 2), "ab");
  }
  EXPECT_EQ(output.pending(), 2u);
  EXPECT_LT(output.capacity(), 100u);
}

TEST(Response, LetsNobodySmuggleALine) {
  Response response;
  response.AddHeader("A", "b\r\nSet-Cookie: c");
  EXPECT_EQ(response.headers, "A: b  Set-Cookie: c\r\n");
}

class DeadlinesTest : public testing::Test {
 protected:
  std::vector<int> Fire(TimeMs now) {
    std::vector<int> fired;
    deadlines_.Fire(now, [&](void* owner) { fired.push_back(*static_cast<int*>(owner)); });
    return fired;
  }

  Deadlines deadlines_{1'000};
  Deadlines::Entry a_, b_;
  int one_ = 1, two_ = 2;
};

TEST_F(DeadlinesTest, FireOnceAndNeverEarly) {
  deadlines_.Register(a_, &one_);
  deadlines_.Register(b_, &two_);
  deadlines_.Set(a_, 2'000);
  deadlines_.Set(b_, 3'000);
  EXPECT_THAT(Fire(1'999), ElementsAre());
  EXPECT_THAT(Fire(2'000 + Deadlines::kCoarseness), ElementsAre(1));
  EXPECT_THAT(Fire(2'500), ElementsAre());
  EXPECT_THAT(Fire(9'000), ElementsAre(2));
  EXPECT_THAT(Fire(99'000), ElementsAre());
}

TEST_F(DeadlinesTest, MoveBothWays) {
  deadlines_.Register(a_, &one_);
  deadlines_.Set(a_, 2'000);
  deadlines_.Set(a_, 5'000);
  EXPECT_THAT(Fire(4'000), ElementsAre());
  deadlines_.Set(a_, 4'500);
  EXPECT_THAT(Fire(4'600), ElementsAre(1));
  deadlines_.Set(a_, 7'000);
  deadlines_.Set(a_, Deadlines::kNever);
  EXPECT_THAT(Fire(50'000), ElementsAre());
}

TEST_F(DeadlinesTest, OfWhatIsGoneDoNotFire) {
  deadlines_.Register(a_, &one_);
  deadlines_.Set(a_, 2'000);
  deadlines_.Remove(a_);
  deadlines_.Register(b_, &two_);
  EXPECT_THAT(Fire(5'000), ElementsAre()) << "b has a's place";
}

// A connection that is busy for a day does not fill the wheel.
TEST_F(DeadlinesTest, ThatMoveAwayCostNothing) {
  deadlines_.Register(a_, &one_);
  for (TimeMs now = 1'000; now < 10'000'000; now += 10) deadlines_.Set(a_, now + 75'000);
  EXPECT_LE(deadlines_.NextDue(), 76'100);
  EXPECT_THAT(Fire(10'000'000), ElementsAre());
}

std::string Inflated(const std::string& gzip, size_t cut, bool* complete) {
  Inflater inflater;
  std::string out;
  for (size_t at = 0; at < gzip.size(); at += cut) {
    inflater.Feed(std::string_view(gzip).substr(at, cut));
    char piece[7];
    while (const size_t size = inflater.Inflate(piece, sizeof(piece))) out.append(piece, size);
  }
  *complete = inflater.complete();
  return out;
}

TEST(Inflater, TakesItInWhateverPieces) {
  const std::string text = std::string(1'000, 'a') + "the end";
  const std::string gzip = Gzipped(text);
  for (const size_t cut : {1, 2, 3, 10, 1'000}) {
    bool complete = false;
    EXPECT_EQ(Inflated(gzip, cut, &complete), text);
    EXPECT_TRUE(complete);
    EXPECT_EQ(Inflated(gzip + gzip, cut, &complete), text + text) << "members follow each other";
    EXPECT_TRUE(complete);
    Inflated(gzip.substr(0, gzip.size() - 1), cut, &complete);
    EXPECT_FALSE(complete);
    Inflated(gzip + "x", cut, &complete);
    EXPECT_FALSE(complete);
    Inflated("no gzip at all", cut, &complete);
    EXPECT_FALSE(complete);
  }
}

struct Item : InboxItem {
  explicit Item(std::vector<int>& order, int number) : order(order), number(number) {}
  void Deliver() override { order.push_back(number); }
  void Discard() override { order.push_back(-number); }
  std::vector<int>& order;
  const int number;
};

TEST(Inbox, KeepsTheOrderAndAsksForOneWakeUp) {
  std::vector<int> order;
  Item a(order, 1), b(order, 2), c(order, 3), d(order, 4);
  Inbox inbox;
  EXPECT_EQ(inbox.Add(a), Inbox::Added::kFirst);
  EXPECT_EQ(inbox.Add(b), Inbox::Added::kBehind);
  inbox.Deliver();
  EXPECT_EQ(inbox.Add(c), Inbox::Added::kFirst);
  inbox.Close();
  EXPECT_EQ(inbox.Add(d), Inbox::Added::kClosed);
  EXPECT_THAT(order, ElementsAre(1, 2, -3));
}

}  // namespace
}  // namespace tokenbroker::http
