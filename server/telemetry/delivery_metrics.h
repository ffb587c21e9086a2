// The metrics of deliveries and heartbeats, by target:
//
//   metrics.Of("states").attempts("HTTP 503").Increment();
//
// docs/operating.md lists them; a test keeps that list complete.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "server/telemetry/metrics.h"

namespace tokenbroker {

class TargetMetrics {
 public:
  TargetMetrics(MetricsRegistry& registry, std::string_view target);

  // tokenbroker_deliveries_owed{target}: outcomes that the target does not have yet.
  Gauge& owed;
  // tokenbroker_deliveries_under_way{target}: tries without an answer yet.
  Gauge& under_way;
  // tokenbroker_deliveries_retrying{target}: those that were tried and wait for the next time.
  Gauge& retrying;
  // tokenbroker_dead_letters{target}: outcomes given up, which wait for a person.
  Gauge& dead_letters;
  // tokenbroker_oldest_owed_age_seconds{target}: 0 if nothing is owed.
  Gauge& oldest_owed_age_seconds;
  // tokenbroker_target_down{target}: the alarm. 1 while the circuit breaker keeps away from the target or probes it.
  Gauge& target_down;
  // tokenbroker_subscribers{target}: streams open; of targets of that kind alone, from the first call on.
  Gauge& subscribers();
  // tokenbroker_delivery_attempts_total{target,code}: tries that ended, by the target's answer; "other" beyond 64
  // codes.
  Counter& attempts(std::string_view code);
  // tokenbroker_deliveries_settled_total{target,state}: delivered, probably_delivered, dead_lettered, dropped;
  // redriven.
  Counter& settled(std::string_view state);
  // tokenbroker_upstream_beats_watched{target}: tasks that wait, with an upstream token for this target.
  Gauge& beats_watched;
  // tokenbroker_upstream_beats_due{target}: beats that wait for the quota.
  Gauge& beats_due;
  // tokenbroker_upstream_beats_late{target}: of those, whose engine's deadline has passed.
  Gauge& beats_late;
  // tokenbroker_upstream_beats_total{target,code}: beats that ended, by the target's answer; "other" beyond 64 codes.
  Counter& beats(std::string_view code);
  // tokenbroker_upstream_beat_warnings_total{target,kind}: nobody_listens, nobody_beats.
  Counter& beat_warnings(std::string_view kind);

 private:
  Counter& Labelled(std::map<std::string, Counter*, std::less<>>& counters, const char* name, const char* help,
                    const char* label, std::string_view value);

  static constexpr size_t kMaxCodes = 64;
  MetricsRegistry& registry_;
  const std::string target_;
  std::mutex mutex_;
  Gauge* subscribers_ = nullptr;                           // guarded by mutex_
  std::map<std::string, Counter*, std::less<>> attempts_;  // guarded by mutex_
  std::map<std::string, Counter*, std::less<>> settled_;   // guarded by mutex_
  std::map<std::string, Counter*, std::less<>> beats_;     // guarded by mutex_
  std::map<std::string, Counter*, std::less<>> warnings_;  // guarded by mutex_
};

// Thread-safe.
class DeliveryMetrics {
 public:
  explicit DeliveryMetrics(MetricsRegistry& registry) : registry_(registry) {}

  // The same object for the same target; valid as long as this.
  TargetMetrics& Of(std::string_view target);

 private:
  MetricsRegistry& registry_;
  std::mutex mutex_;
  std::map<std::string, std::unique_ptr<TargetMetrics>, std::less<>> targets_;  // guarded by mutex_
};

}  // namespace tokenbroker
