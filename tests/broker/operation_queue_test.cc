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

}  // namespace
}  // namespace tokenbroker::broker
