// Clients at work: some threads of single calls of every kind, some of batches, some that wait for ends.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "tests/crash/expectations.h"
#include "tests/testing/broker_client.h"

namespace tokenbroker::testing {

struct TrafficOptions {
  int singles = 6;
  int batches = 1;
  int waits = 3;
};

// Splits what a unary settling call answered.
Answer AnswerOf(const grpc::Status& status, v1::Verdict verdict, const std::string& task_id);
Answer AnswerOf(const v1::SettlementResult& result);

// Sends one outcome and tells the expectations.
void SettleOne(const BrokerClient& client, Expectations& expectations, const Glance& task, int choice,
               const v1::TaskRef& by);

class Traffic {
 public:
  Traffic(Expectations& expectations, Violations& violations, const std::string& address, TrafficOptions options,
          uint64_t seed);
  ~Traffic() { Stop(); }

  void Start();
  // The broker was told to drain: from now on calls may be refused so.
  void BrokerDrains();
  void Stop();

  uint64_t answered() const { return answered_; }
  // Waits that ended with DRAINING.
  uint64_t drained_waits() const { return drained_waits_; }
  // Waits that were under way when the broker was told to drain and ended with neither an answer nor DRAINING.
  uint64_t broken_waits() const { return broken_waits_; }

 private:
  friend class Single;
  friend class Batch;
  friend class Waiting;

  bool stopping() const { return stopping_; }

  Expectations& expectations_;
  Violations& violations_;
  const TrafficOptions options_;
  const uint64_t seed_;
  std::vector<std::unique_ptr<BrokerClient>> clients_;
  std::vector<std::thread> threads_;
  std::atomic<bool> stopping_{false};
  std::atomic<bool> draining_{false};
  std::atomic<uint64_t> answered_{0};
  std::atomic<uint64_t> drained_waits_{0};
  std::atomic<uint64_t> broken_waits_{0};
};

}  // namespace tokenbroker::testing
