#include "base/serving_thread.h"

#include <gtest/gtest.h>
#include <sched.h>

#include <atomic>
#include <thread>

namespace tokenbroker {
namespace {

// Of two threads that both want this processor one always waits for it.
class ServingThreadTest : public testing::Test {
 protected:
  ServingThreadTest() {
    CPU_ZERO(&here_);
    CPU_SET(sched_getcpu(), &here_);
    other_ = std::thread([this] {
      StayHere();
      while (!over_.load()) {
      }
    });
  }
  ~ServingThreadTest() override {
    over_ = true;
    other_.join();
  }
  void StayHere() { ASSERT_EQ(sched_setaffinity(0, sizeof here_, &here_), 0); }

 private:
  cpu_set_t here_;
  std::atomic<bool> over_{false};
  std::thread other_;
};

TEST_F(ServingThreadTest, WhatOneWaitsIsSeen) {
  ServingWatch watch;
  std::thread([&] {
    const ServingThread serving;
    StayHere();
    EXPECT_TRUE(watch.Take().empty());  // from here on
    double waited = 0;
    while (waited == 0) {
      const std::vector<double> shares = watch.Take();
      ASSERT_EQ(shares.size(), 1u);
      waited = shares[0];
    }
  }).join();
  EXPECT_TRUE(watch.Take().empty());
}

TEST_F(ServingThreadTest, OthersAreNotSeen) {
  ServingWatch watch;
  watch.Take();
  StayHere();
  for (int i = 0; i < 1'000; ++i) sched_yield();
  EXPECT_TRUE(watch.Take().empty());
}

}  // namespace
}  // namespace tokenbroker
