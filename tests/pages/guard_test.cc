#include "server/pages/guard.h"

#include <gtest/gtest.h>

namespace tokenbroker::pages {
namespace {

class GuardTest : public testing::Test {
 protected:
  GuardTest() {
    request_.post = true;
    request_.token = "T1token";
    request_.host = "broker.example:8433";
  }
  bool Passes(std::string_view proof = "") { return RefusePost(request_, proof, {"https://approve.example"}).empty(); }

  Request request_;
  const std::string proof_ = ProofOf("T1token");
};

TEST_F(GuardTest, ProgramsNeedNoProofButMustNotShowAWrongOne) {
  EXPECT_TRUE(Passes());
  EXPECT_TRUE(Passes(proof_));
  EXPECT_FALSE(Passes("wrong"));
  EXPECT_FALSE(Passes(ProofOf("T1other")));
}

TEST_F(GuardTest, BrowsersNeedTheProof) {
  for (const char* origin :
       {"null", "http://broker.example:8433", "https://broker.example:8433", "https://approve.example"}) {
    request_.origin = origin;
    EXPECT_FALSE(Passes()) << origin;
    EXPECT_TRUE(Passes(proof_)) << origin;
  }
  request_.origin.clear();
  request_.sec_fetch_site = "same-origin";
  EXPECT_FALSE(Passes());
  EXPECT_TRUE(Passes(proof_));
}

TEST_F(GuardTest, OtherSitesAreRefusedEvenWithTheProof) {
  for (const char* origin :
       {"https://evil.example", "https://broker.example", "https://broker.example:8433.evil.example", "x"}) {
    request_.origin = origin;
    EXPECT_FALSE(Passes(proof_)) << origin;
  }
  request_.origin = "null";
  for (const char* site : {"cross-site", "same-site", "none", "nonsense"}) {
    request_.sec_fetch_site = site;
    EXPECT_FALSE(Passes(proof_)) << site;
  }
}

TEST_F(GuardTest, TheProofSaysNothingOfTheToken) {
  EXPECT_EQ(proof_.size(), 32u);
  EXPECT_EQ(proof_, ProofOf("T1token"));
  EXPECT_NE(proof_, ProofOf("T1tokem"));
  EXPECT_EQ(proof_.find("token"), std::string::npos);
}

}  // namespace
}  // namespace tokenbroker::pages
