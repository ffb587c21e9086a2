#include "server/broker/operation_queue.h"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>
#include <vector>

namespace tokenbroker::broker {
namespace {

// What comes in these tests is never looked into. A wait that did not end by itself would time the test out.
constexpr std::chrono::hours kForever{1};

class OperationQueueTest : public testing::Test {
 protected:
  void Push(size_t count, size_t bytes = 0) { queue_.Push(std::vector<Operation*>(count, nullptr), bytes); }
  size_t Taken() {
    bytes_ = queue_.Take(taken_);
    return taken_.size();
  }

  OperationQueue queue_;
  OperationQueue::Operations taken_;
  size_t bytes_ = 0;
};

TEST_F(OperationQueueTest, AllThatWaitsIsTakenAtOnce) {
  Push(2, 10);
  Push(1, 5);
  EXPECT_EQ(Taken(), 3u);
  EXPECT_EQ(bytes_, 15u);
  EXPECT_EQ(Taken(), 0u);
  EXPECT_EQ(bytes_, 0u);
}

TEST_F(OperationQueueTest, NobodySleepsWhileThereIsSomethingToDo) {
  Push(1);
  EXPECT_TRUE(queue_.Sleep(kForever));
  Taken();
  queue_.Kick();
  EXPECT_TRUE(queue_.Sleep(kForever));
}

TEST_F(OperationQueueTest, TheFirstOneWakesTheSleeper) {
  std::thread caller([this] { Push(1); });
  EXPECT_TRUE(queue_.Sleep(kForever));
  caller.join();
  EXPECT_EQ(Taken(), 1u);
}

TEST_F(OperationQueueTest, WhatCameBeforeTheStopIsStillThere) {
  Push(1);
  queue_.Stop();
  EXPECT_TRUE(queue_.Sleep(kForever));
  EXPECT_EQ(Taken(), 1u);
  EXPECT_FALSE(queue_.Sleep(kForever));
}

TEST_F(OperationQueueTest, AFewAreNotLetGather) {
  Push(1);
  queue_.Gather(8, kForever);
  EXPECT_EQ(Taken(), 1u);
}

TEST_F(OperationQueueTest, ACrowdIsThereWhenEnoughHaveCome) {
  constexpr size_t kCallers = 96;
  std::thread callers([this] {
    for (size_t i = 0; i < kCallers; ++i) Push(1);
  });
  queue_.Gather(30, kForever);
  const size_t gathered = Taken();
  callers.join();
  EXPECT_GE(gathered, 30u);
  EXPECT_EQ(gathered + Taken(), kCallers);
}

TEST_F(OperationQueueTest, BatchesAreEnoughBySize) {
  queue_.Gather(100, kForever);
  Push(100);
  queue_.Gather(30, kForever);
  EXPECT_EQ(Taken(), 100u);
}

TEST_F(OperationQueueTest, ACrowdWaitsNoLongerThanAllowed) {
  Push(1);
  queue_.Gather(30, std::chrono::nanoseconds(1));
  EXPECT_EQ(Taken(), 1u);
}

TEST_F(OperationQueueTest, AStopEndsTheGathering) {
  std::thread stopper([this] { queue_.Stop(); });
  queue_.Gather(30, kForever);
  stopper.join();
  EXPECT_FALSE(queue_.Sleep(kForever));
}

}  // namespace
}  // namespace tokenbroker::broker
