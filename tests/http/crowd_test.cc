// Many connections at once cost little each.
#include <gtest/gtest.h>
#include <malloc.h>
#include <sys/resource.h>

#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include "tests/http/server_fixture.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

namespace tokenbroker::http {
namespace {

constexpr int kCrowd = 10'000;

class CrowdTest : public ServerTest {
 protected:
  void SetUp() override {
    ServerTest::SetUp();
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    // Both ends are in this process.
    crowd_ = static_cast<int>(std::min<rlim_t>(kCrowd, limit.rlim_max / 2 - 200));
    if (limit.rlim_max < 2'000) {
      GTEST_SKIP() << "ulimit -n is " << limit.rlim_max << ": too low for a crowd";
    }
    if (crowd_ < kCrowd) std::printf("ulimit -n is too low for %d connections: %d instead\n", kCrowd, crowd_);
    options_.limits.connections = 20'000;
  }

  static int64_t UsedBytes() {
    const struct mallinfo2 info = mallinfo2();
    return static_cast<int64_t>(info.uordblks + info.hblkhd);
  }

  // Memory that one connection costs after `request`, both ends together; ours is a few dozen bytes.
  int64_t CostOfOne(std::string_view request, bool answered) {
    const int64_t before = UsedBytes();
    peers_.reserve(crowd_);
    for (int i = 0; i < crowd_; ++i) {
      peers_.push_back(Connect());
      if (!peers_.back().connected()) break;
      if (!request.empty()) peers_.back().Send(request);
      if (answered) {
        EXPECT_EQ(peers_.back().ReadAnswer().status, 200);
      }
    }
    EXPECT_EQ(static_cast<int>(peers_.size()), crowd_);
    while (server_->connections() < crowd_) std::this_thread::yield();
    if (!request.empty() && !answered) {
      EXPECT_TRUE(parked_.WaitForSize(crowd_));
    }
    Settle();
    const int64_t each = (UsedBytes() - before) / crowd_;
    std::printf("%d connections: %ld bytes each\n", crowd_, static_cast<long>(each));
    return each;
  }

  int crowd_ = 0;
  std::vector<RawPeer> peers_;
};

TEST_F(CrowdTest, IdleConnectionsCostLittle) {
  Start();
  const int64_t each = CostOfOne("", false);
  if (!kSanitized) {
    EXPECT_LT(each, 2'048);
  }
  RawPeer another = Connect();
  another.Send(kGet);
  EXPECT_EQ(another.ReadAnswer().body, "hi") << "the others do not keep it from being served";
  Advance(options_.limits.idle_time + Deadlines::kCoarseness);
  for (RawPeer& peer : peers_) ASSERT_TRUE(peer.IsClosed());
}

TEST_F(CrowdTest, UsedConnectionsCostLittle) {
  Start();
  const int64_t each = CostOfOne(kGet, true);
  if (!kSanitized) {
    EXPECT_LT(each, 2'048);
  }
}

TEST_F(CrowdTest, ParkedExchangesCostLittle) {
  Start();
  const int64_t each =
      CostOfOne("POST /park HTTP/1.1\r\nHost: x\r\nContent-Length: 300\r\n\r\n" + std::string(300, 'x'), false);
  if (!kSanitized) {
    EXPECT_LT(each, 2'048);
  }
  for (int i = 0; i < crowd_; ++i) parked_.Take()->Answer({.body = "done"});
  for (RawPeer& peer : peers_) ASSERT_EQ(peer.ReadAnswer().body, "done");
}

}  // namespace
}  // namespace tokenbroker::http
