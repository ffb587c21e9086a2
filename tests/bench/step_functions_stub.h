// Step Functions as far as a forwarder sees it: a server on loopback that answers each SendTask* at once, and remembers
// when it took which outcome. One thread, no parsing beyond what it needs: it costs less than whoever calls it.
//
//   StepFunctionsStub stub({.tasks = 1'000});
//   ... tasks with UpstreamToken(0) to UpstreamToken(999), for a target at stub.url() ...
//   stub.Open();     until then nobody is there
//   stub.AwaitAccepted(1'000, Seconds(60))
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "tests/bench/options.h"

namespace tokenbroker::benchmarks {

// As long as the tokens of Step Functions.
std::string UpstreamToken(uint64_t number);
// Of text that begins with such a token; nothing of another.
std::optional<uint64_t> NumberOf(std::string_view token);

class StepFunctionsStub {
 public:
  using Time = std::chrono::steady_clock;

  struct Bucket {
    double burst = 0;
    double per_second = 0;
  };
  struct Options {
    // Those with numbers below it are known.
    uint64_t tasks = 0;
    // What comes beyond it is throttled; it is full in the beginning.
    std::optional<Bucket> bucket;
    // Of a hundred, whatever the rate.
    int throttled_percent = 0;
  };

  // Has a port, where connections are refused.
  explicit StepFunctionsStub(const Options& options);
  ~StepFunctionsStub();
  StepFunctionsStub(const StepFunctionsStub&) = delete;

  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_) + "/"; }
  void Open();

  // Outcomes, each counted once.
  uint64_t accepted() const { return accepted_.load(); }
  // Calls for an outcome that was accepted before; for a token that is not known; beyond the bucket; unlucky.
  uint64_t repeated() const { return repeated_.load(); }
  uint64_t unknown() const { return unknown_.load(); }
  uint64_t beyond_bucket() const { return beyond_bucket_.load(); }
  uint64_t throttled() const { return throttled_.load(); }
  // When that outcome was accepted; the clock's beginning: it was not.
  Time::time_point AcceptedAt(uint64_t number) const {
    return Time::time_point(Time::duration(accepted_at_[number].load(std::memory_order_relaxed)));
  }
  // Throws if so many are not accepted in time.
  void AwaitAccepted(uint64_t count, Seconds longest) const;

 private:
  struct Connection;

  void Run();
  void Accept();
  // False when the connection is to end.
  bool Serve(Connection& connection);
  std::string_view Judge(std::string_view body);
  bool WithinBucket();

  const Options options_;
  int listener_ = -1;
  int poller_ = -1;
  int stop_ = -1;
  int port_ = 0;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::mt19937 random_{7};
  double credit_ = 0;
  Time::time_point refilled_at_;
  std::vector<std::atomic<int64_t>> accepted_at_;
  std::atomic<uint64_t> accepted_{0};
  std::atomic<uint64_t> repeated_{0};
  std::atomic<uint64_t> unknown_{0};
  std::atomic<uint64_t> beyond_bucket_{0};
  std::atomic<uint64_t> throttled_{0};
  std::thread thread_;
};

}  // namespace tokenbroker::benchmarks
