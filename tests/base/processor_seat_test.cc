#include "base/processor_seat.h"

#include <gtest/gtest.h>
#include <sched.h>

#include <atomic>
#include <thread>

namespace tokenbroker {
namespace {

using Choice = SeatPolicy::Choice;

class SeatPolicyTest : public testing::Test {
 protected:
  SeatPolicyTest() { Look(0, 0); }

  // After a period of which it ran and waited so many percent.
  Choice Look(int ran, int waited) {
    now_ += SeatPolicy::kPeriod;
    times_.ran += SeatPolicy::kPeriod * ran / 100;
    times_.waited += SeatPolicy::kPeriod * waited / 100;
    return policy_.Look(now_, times_);
  }

  // How many looks in line it takes until it moves.
  int LooksUntilItMoves() {
    for (int looks = 1; looks < 1'000; ++looks) {
      if (Look(50, 50) == Choice::kMove) return looks;
    }
    return 0;
  }

  Choice Good() { return Look(100, 0); }

 private:
  SeatPolicy policy_;
  SeatPolicy::Time now_ = SeatPolicy::Time() + std::chrono::hours(1);
  ThreadTimes times_;
};

TEST_F(SeatPolicyTest, WhoIsHardlyBusyIsLeftToTheKernel) {
  for (int i = 0; i < 10; ++i) EXPECT_EQ(Look(30, 5), Choice::kNothing);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(Look(5, 30), Choice::kNothing);
}

TEST_F(SeatPolicyTest, WhoIsBusyKeepsItsProcessor) {
  EXPECT_EQ(Look(60, 0), Choice::kKeep);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(Look(30, 0), Choice::kNothing);
}

TEST_F(SeatPolicyTest, WhoIsNotBusyAnyMoreLeavesIt) {
  EXPECT_EQ(Look(60, 0), Choice::kKeep);
  EXPECT_EQ(Look(10, 0), Choice::kLeave);
  EXPECT_EQ(Look(30, 0), Choice::kNothing);
  EXPECT_EQ(Look(60, 0), Choice::kKeep);
}

TEST_F(SeatPolicyTest, WhatIsSoonOverIsBorne) {
  Good();
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(Look(40, 60), Choice::kNothing);
    EXPECT_EQ(Good(), Choice::kNothing);
  }
}

TEST_F(SeatPolicyTest, WhoStandsInLineMoves) {
  Good();
  EXPECT_EQ(Look(70, 30), Choice::kNothing);
  EXPECT_EQ(Look(70, 30), Choice::kMove);
}

TEST_F(SeatPolicyTest, WhereAllIsBusyItMovesMoreAndMoreSeldom) {
  Good();
  for (int patience = SeatPolicy::kLeastPatience; patience < SeatPolicy::kMostPatience; patience *= 2) {
    EXPECT_EQ(LooksUntilItMoves(), patience);
  }
  EXPECT_EQ(LooksUntilItMoves(), SeatPolicy::kMostPatience);
  EXPECT_EQ(LooksUntilItMoves(), SeatPolicy::kMostPatience);
  Good();
  EXPECT_EQ(LooksUntilItMoves(), SeatPolicy::kLeastPatience);
}

cpu_set_t Affinity() {
  cpu_set_t set;
  CPU_ZERO(&set);
  sched_getaffinity(0, sizeof set, &set);
  return set;
}

// A thread that always wants one processor.
class Rival {
 public:
  explicit Rival(int processor)
      : thread_([this, processor] {
          cpu_set_t one;
          CPU_ZERO(&one);
          CPU_SET(processor, &one);
          ASSERT_EQ(sched_setaffinity(0, sizeof one, &one), 0);
          while (!over_.load()) {
          }
        }) {}
  ~Rival() {
    over_ = true;
    thread_.join();
  }

 private:
  std::atomic<bool> over_{false};
  std::thread thread_;
};

TEST(ProcessorSeatTest, ABusyThreadKeepsAProcessorUntilAnotherTakesIt) {
  const cpu_set_t allowed = Affinity();
  if (CPU_COUNT(&allowed) < 2 || CPU_COUNT(&allowed) > 4) GTEST_SKIP() << "made for two to four processors";
  std::thread([&allowed] {
    {
      ProcessorSeat seat;
      cpu_set_t kept = allowed;
      while (CPU_COUNT(&kept) > 1) {
        seat.Look();
        kept = Affinity();
      }
      const Rival rival(sched_getcpu());
      for (cpu_set_t now = kept; CPU_EQUAL(&now, &kept); now = Affinity()) seat.Look();
    }
    const cpu_set_t after = Affinity();
    EXPECT_TRUE(CPU_EQUAL(&after, &allowed));
  }).join();
}

}  // namespace
}  // namespace tokenbroker
