#include "server/targets/answer_text.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "server/forward/outcome_target.h"

namespace tokenbroker::targets {
namespace {

TEST(ForPeople, ShowsNoPieceOfASecretThatIsOfUse) {
  const std::string secret = "0123456789abcdefghij";
  EXPECT_EQ(ForPeople("no 0123456789abcdefghij.", secret), "no ....");
  EXPECT_EQ(ForPeople("cut: 0123456789abc", secret), "cut: ...");
  EXPECT_EQ(ForPeople("tail: 89abcdefghij, twice: 0123456789ab0123456789ab", secret), "tail: ..., twice: ......");
  EXPECT_EQ(ForPeople("short: 0123456789a", secret), "short: 0123456789a");
}

TEST(ForPeople, IsBoundedAndFitForALog) {
  EXPECT_EQ(ForPeople("a\nb\tc\x7f"), "a b c ");
  const std::string cut = ForPeople("x" + std::string(600, '\xc3') + "\xa4");
  EXPECT_TRUE(IsValidUtf8(cut));
  std::string umlauts;
  for (int i = 0; i < 1000; ++i) umlauts += "\xc3\xa4";
  EXPECT_TRUE(IsValidUtf8(ForPeople("x" + umlauts)));
  EXPECT_EQ(ForPeople("x" + umlauts).size(), forward::Answer::kMaxMessage - 1);
  EXPECT_EQ(ForPeople("caf\xc3\xa9"), "caf\xc3\xa9");
}

}  // namespace
}  // namespace tokenbroker::targets
