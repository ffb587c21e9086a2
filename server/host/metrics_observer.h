// Counts what happens in the broker, and logs what should be looked at.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "server/broker/observer.h"
#include "server/telemetry/broker_metrics.h"
#include "server/telemetry/delivery_metrics.h"
#include "server/telemetry/log.h"

namespace tokenbroker {

// Called from the broker's threads.
class MetricsObserver : public broker::Observer {
 public:
  MetricsObserver(BrokerMetrics& metrics, DeliveryMetrics& deliveries, const Clock& clock)
      : metrics_(metrics), deliveries_(deliveries), clock_(clock) {}

  void Issued(size_t tasks) override { metrics_.tasks_issued.Increment(tasks); }
  void Resolved(broker::TaskState state, size_t tasks) override;
  void Beat(size_t tasks) override { metrics_.heartbeats.Increment(tasks); }
  void Expired(DurationMs late) override;
  void ParkedOutcomeRefused(std::string_view name_space) override;
  void ParkedOutcomeLapsed(std::string_view name_space) override;
  void DeliveryNoted(std::string_view target, broker::DeliveryState state) override;
  void CommitStarts(size_t records) override;
  void CommitEnds(size_t records) override;
  void Overloaded(broker::Queue full) override;
  void CheckpointTaken(TimeMs time, size_t index_entries, size_t blocks) override;
  void Dropped(storage::Sequence floor) override;
  void Trouble(std::string_view event, const absl::Status& status) override;

 private:
  static constexpr DurationMs kLogInterval = 10'000;

  // One for each name, so that a frequent one never hides another, such as the one that ends the process.
  using Logs = std::map<std::string, LimitedLog, std::less<>>;
  LimitedLog& LogOf(std::string_view name, Logs& logs);

  BrokerMetrics& metrics_;
  DeliveryMetrics& deliveries_;
  const Clock& clock_;
  int64_t commit_began_ = 0;  // the committer's own
  LimitedLog parked_refused_{kLogInterval};
  LimitedLog parked_lapsed_{kLogInterval};
  std::mutex logs_mutex_;
  Logs overloaded_;  // by queue; guarded by logs_mutex_
  Logs trouble_;     // by event; guarded by logs_mutex_
};

}  // namespace tokenbroker
