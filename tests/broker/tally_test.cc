#include "server/broker/tally.h"

#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tokenbroker::broker {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

struct Told : Observer {
  void Issued(size_t tasks) override { issued.push_back(tasks); }
  void Beat(size_t tasks) override { beats.push_back(tasks); }
  void Resolved(TaskState state, size_t tasks) override { resolved.emplace_back(state, tasks); }

  std::vector<size_t> issued;
  std::vector<size_t> beats;
  std::vector<std::pair<TaskState, size_t>> resolved;
};

TEST(TallyTest, TellsOnceOfAllThatWasCounted) {
  Tally tally;
  for (int i = 0; i < 3; ++i) tally.Issued();
  for (int i = 0; i < 2; ++i) tally.Beat();
  for (const TaskState state : {TaskState::kSuperseded, TaskState::kSucceeded, TaskState::kSuperseded}) {
    tally.Resolved(state);
  }
  Told told;
  tally.TellTo(told);
  EXPECT_THAT(told.issued, ElementsAre(3));
  EXPECT_THAT(told.beats, ElementsAre(2));
  EXPECT_THAT(told.resolved, ElementsAre(Pair(TaskState::kSucceeded, 1), Pair(TaskState::kSuperseded, 2)));
}

TEST(TallyTest, TellsNothingOfWhatWasNot) {
  Tally tally;
  tally.Issued();
  Told told;
  tally.TellTo(told);
  tally.TellTo(told);
  EXPECT_THAT(told.issued, ElementsAre(1));
  EXPECT_TRUE(told.beats.empty());
  EXPECT_TRUE(told.resolved.empty());
}

}  // namespace
}  // namespace tokenbroker::broker
