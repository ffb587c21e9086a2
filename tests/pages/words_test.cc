#include "server/pages/words.h"

#include <gtest/gtest.h>

namespace tokenbroker::pages {
namespace {

TEST(WhoWords, AreForPeople) {
  EXPECT_EQ(WhoWords("token"), "whoever held the link or its token");
  EXPECT_EQ(WhoWords("key:worker"), "API key worker");
  EXPECT_EQ(WhoWords("cert:worker.example"), "certificate worker.example");
  EXPECT_EQ(WhoWords("aws:AKIAEXAMPLE"), "AWS access key AKIAEXAMPLE");
  EXPECT_EQ(WhoWords("drop:nightly"), "file drop nightly");
  EXPECT_EQ(WhoWords("somebody-else"), "somebody-else");
}

}  // namespace
}  // namespace tokenbroker::pages
