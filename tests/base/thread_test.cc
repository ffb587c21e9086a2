#include "base/thread.h"

#include <gtest/gtest.h>
#include <pthread.h>
#include <sched.h>

#include <thread>

namespace tokenbroker {
namespace {

int PolicyOfThisThread() {
  int policy = -1;
  sched_param parameters{};
  EXPECT_EQ(pthread_getschedparam(pthread_self(), &policy, &parameters), 0);
  return policy;
}

TEST(Thread, OneThatLetsOthersGoFirstIsAloneInThat) {
  std::thread([] {
    LetOthersGoFirst();
    EXPECT_EQ(PolicyOfThisThread(), SCHED_IDLE);
    // Those that it starts, as libcurl does to look names up, take after it.
    std::thread([] { EXPECT_EQ(PolicyOfThisThread(), SCHED_IDLE); }).join();
  }).join();
  EXPECT_EQ(PolicyOfThisThread(), SCHED_OTHER);
}

}  // namespace
}  // namespace tokenbroker
