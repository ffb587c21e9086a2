#include "server/broker/turns.h"

#include <gtest/gtest.h>

#include <string>

namespace tokenbroker::broker {
namespace {

class TurnsTest : public testing::Test {
 protected:
  void Add(uint32_t party, const std::string& name) {
    turns_.Run(party, [this, name] { done_ += name; });
  }
  std::string RunAll() {
    while (executor_.RunOne()) {
    }
    return done_;
  }

  ManualExecutor executor_;
  Turns turns_{executor_};
  std::string done_;
};

TEST_F(TurnsTest, OnePartysJobsKeepTheirOrder) {
  for (const char* name : {"a", "b", "c"}) Add(1, name);
  EXPECT_EQ(RunAll(), "abc");
}

TEST_F(TurnsTest, NobodyWaitsForMoreThanOneJobOfEachOther) {
  for (const char* name : {"a", "b", "c", "d"}) Add(1, name);
  Add(2, "X");
  Add(3, "Y");
  Add(2, "Z");
  EXPECT_EQ(RunAll(), "aXYbZcd");
}

TEST_F(TurnsTest, WhoComesWhileAJobRunsTakesItsTurn) {
  Add(1, "a");
  Add(1, "b");
  EXPECT_TRUE(executor_.RunOne());
  Add(2, "X");
  Add(1, "c");
  EXPECT_EQ(RunAll(), "abXc");
}

TEST_F(TurnsTest, AJobMayHandOverAnother) {
  turns_.Run(1, [this] { Add(1, "a"); });
  EXPECT_EQ(RunAll(), "a");
}

}  // namespace
}  // namespace tokenbroker::broker
