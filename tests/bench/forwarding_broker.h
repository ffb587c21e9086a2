// A fresh broker whose tasks' outcomes go to a stub of Step Functions.
#pragma once

#include <cstdint>
#include <string>

#include "tests/bench/bench.h"
#include "tests/bench/load.h"
#include "tests/bench/token_pool.h"

namespace tokenbroker::benchmarks {

// More than any machine can send, unless it is said.
struct SendQuota {
  int per_second = 100'000;
  int burst = 1'000'000;
};

class ForwardingBroker {
 public:
  ForwardingBroker(const Options& options, const std::string& target_url, SendQuota quota = {});

  const BrokerServer& server() const { return server_; }
  std::string target() const { return server_.target(); }

  // Tasks with the numbers below `count`. Once.
  void Issue(uint64_t count);
  // The next `count` of them, a hundred a call.
  void Settle(uint64_t count);
  // So many in calls of their own, as fast as it goes, for the shape's time.
  LoadResult SettleSingly(const std::string& what, const LoadShape& shape);
  // Numbers below are settled.
  uint64_t settled() const { return settled_; }
  void SettledUpTo(uint64_t number) { settled_ = number; }
  const TokenPool& tokens() const { return tokens_; }

 private:
  testing::TempFolder folder_;
  BrokerServer server_;
  TokenPool tokens_;
  uint64_t settled_ = 0;
};

}  // namespace tokenbroker::benchmarks
