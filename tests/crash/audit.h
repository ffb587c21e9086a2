// Compares everything the broker acknowledged with what it says now, by every way of asking.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "tests/crash/expectations.h"
#include "tests/testing/broker_client.h"

namespace tokenbroker::testing {

class Audit {
 public:
  Audit(Expectations& expectations, Violations& violations, const std::string& address, uint64_t seed)
      : expectations_(expectations), violations_(violations), client_(address), random_(seed) {}

  // `everything`: also what has not changed since the last audit. False if the broker went away meanwhile.
  bool Run(bool everything);

  // Waits until nothing is owed to any target; `progress` counts what is delivered. False if the broker went away.
  bool AwaitDeliveries(const std::function<uint64_t()>& progress);

  uint64_t looked() const { return looked_; }
  const BrokerClient& client() const { return client_; }

 private:
  using Serials = std::vector<uint64_t>;

  bool Get(const Serials& serials);
  bool GetSome(const std::vector<Glance>& tasks, bool by_id);
  // Sends the recorded outcome again, or another one, to tasks that ended.
  bool Resettle(const Serials& serials);
  bool ResettleSome(const std::vector<Glance>& tasks);
  // Issues again with the same request ids: those with an answer, and those without.
  bool Reissue(const Serials& serials);
  bool ReissueSome(const std::vector<Glance>& tasks);
  bool AwaitAndPeek(const Serials& serials);
  bool GetByKeys(const Serials& serials);
  // Some of what the broker says is owed, and a dead letter above all.
  bool ListOwed(std::vector<v1::Delivery>& owed);

  template <typename Handle>
  bool InBatches(const Serials& serials, size_t size, Handle handle);
  Serials Sample(const Serials& serials, size_t count);
  bool Answered(const grpc::Status& status, const char* call);

  Expectations& expectations_;
  Violations& violations_;
  BrokerClient client_;
  Random random_;
  uint64_t looked_ = 0;
};

}  // namespace tokenbroker::testing
