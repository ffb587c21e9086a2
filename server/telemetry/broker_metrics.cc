#include "server/telemetry/broker_metrics.h"

namespace tokenbroker {
namespace {

constexpr std::array<std::string_view, 5> kOutcomes = {"succeeded", "failed", "expired", "cancelled", "superseded"};
constexpr std::array<std::string_view, 9> kVerdicts = {"accepted",  "replayed",   "parked",  "conflict", "expired",
                                                       "cancelled", "superseded", "unknown", "refused"};
constexpr std::array<std::string_view, 2> kDoors = {"grpc", "http"};
constexpr std::array<std::string_view, 6> kQueues = {"commit", "awaits",   "watches",
                                                   "parked", "progress", "cancel_reasons"};
constexpr std::array<std::string_view, 17> kCodes = {
    "OK",        "CANCELLED",      "UNKNOWN",           "INVALID_ARGUMENT",   "DEADLINE_EXCEEDED",
    "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION",
    "ABORTED",   "OUT_OF_RANGE",   "UNIMPLEMENTED",     "INTERNAL",           "UNAVAILABLE",
    "DATA_LOSS", "UNAUTHENTICATED"};

constexpr double kLatenessBounds[] = {0.001, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60, 600, 3600, 86400};
constexpr double kGroupBounds[] = {1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192};

}  // namespace

void RpcMetrics::OnDone(int code, double seconds) {
  ByCode& counted = For(code >= 0 && code < kCodes ? code : 2);
  counted.total.Increment();
  counted.duration.Observe(seconds);
}

RpcMetrics::ByCode& RpcMetrics::For(int code) {
  if (ByCode* known = by_code_[code].load(std::memory_order_acquire)) return *known;
  const std::lock_guard lock(mutex_);
  if (owned_[code] == nullptr) {
    const Labels labels = {{"method", method_}, {"code", std::string(tokenbroker::kCodes[code])}};
    owned_[code] = std::make_unique<ByCode>(
        ByCode{registry_.AddCounter("tokenbroker_rpc_total", "Calls that ended, by method and status code.", labels),
               registry_.AddHistogram("tokenbroker_rpc_duration_seconds",
                                      "From a call's arrival to its answer, by method and status code.",
                                      LatencyBounds(), labels)});
    by_code_[code].store(owned_[code].get(), std::memory_order_release);
  }
  return *owned_[code];
}

BrokerMetrics::BrokerMetrics(MetricsRegistry& registry, std::string_view version)
    : tasks_issued(registry.AddCounter("tokenbroker_tasks_issued_total", "Tasks that were issued.")),
      heartbeats(registry.AddCounter("tokenbroker_heartbeats_total", "Heartbeats that were accepted.")),
      open_tasks(registry.AddCallbackGauge("tokenbroker_open_tasks", "Tasks that wait for an outcome.")),
      oldest_open_age_seconds(registry.AddCallbackGauge("tokenbroker_oldest_open_age_seconds",
                                                        "Age of the task that waits longest; 0 if none waits.")),
      parked_callbacks(
          registry.AddCallbackGauge("tokenbroker_parked_callbacks", "Outcomes that came before their task.")),
      parked_refused(registry.AddCounter("tokenbroker_parked_refused_total",
                                         "Parked outcomes that broke their task's contract, and were dropped.")),
      expiry_lateness_seconds(registry.AddHistogram("tokenbroker_expiry_lateness_seconds",
                                                    "From a deadline to the moment its expiry was on disk.",
                                                    kLatenessBounds)),
      commit_duration_seconds(registry.AddHistogram("tokenbroker_commit_duration_seconds",
                                                    "One append to the log with its sync.", LatencyBounds())),
      commit_group_size(registry.AddHistogram("tokenbroker_commit_group_size", "Changes in one append.", kGroupBounds)),
      queue_depth(registry.AddCallbackGauge("tokenbroker_queue_depth", "Operations that wait for the committer.",
                                            {{"queue", "commit"}})),
      queue_bytes(registry.AddCallbackGauge(
          "tokenbroker_queue_bytes", "Payload of the operations that wait for the committer.", {{"queue", "commit"}})),
      clock_offset_seconds(
          registry.AddCallbackGauge("tokenbroker_clock_offset_seconds", "Wall clock minus broker time.")),
      store_bytes(registry.AddCallbackGauge("tokenbroker_store_bytes", "What the store takes on disk, or in memory.")),
      disk_free_bytes(
          registry.AddCallbackGauge("tokenbroker_disk_free_bytes", "What is left on the disk where the store is.")),
      checkpoint_age_seconds(
          registry.AddCallbackGauge("tokenbroker_checkpoint_age_seconds", "Time since the last checkpoint.")),
      retention_floor_age_seconds(registry.AddCallbackGauge("tokenbroker_retention_floor_age_seconds",
                                                            "Age of the oldest change still in the log.")),
      build_info(registry.AddGauge("tokenbroker_build_info", "Always 1; the version is a label.",
                                   {{"version", std::string(version)}})),
      registry_(registry) {
  build_info.Set(1);
  for (size_t i = 0; i < kOutcomes.size(); ++i) {
    tasks_resolved_[i] = &registry.AddCounter("tokenbroker_tasks_resolved_total", "Tasks that ended, by outcome.",
                                              {{"outcome", std::string(kOutcomes[i])}});
  }
  for (size_t door = 0; door < kDoors.size(); ++door) {
    for (size_t i = 0; i < kVerdicts.size(); ++i) {
      settle_verdicts_[door][i] = &registry.AddCounter(
          "tokenbroker_settle_verdicts_total", "Judgements of settling calls, one per item of a batch.",
          {{"verdict", std::string(kVerdicts[i])}, {"door", std::string(kDoors[door])}});
    }
  }
  for (size_t i = 0; i < kQueues.size(); ++i) {
    overload_refusals_[i] = &registry.AddCounter("tokenbroker_overload_refusals_total",
                                                 "Calls refused because something with a bound was full.",
                                                 {{"queue", std::string(kQueues[i])}});
  }
}

RpcMetrics& BrokerMetrics::rpc(std::string_view method) {
  const std::lock_guard lock(rpc_mutex_);
  for (const auto& known : rpcs_) {
    if (known->method_ == method) return *known;
  }
  rpcs_.push_back(std::unique_ptr<RpcMetrics>(new RpcMetrics(registry_, method)));
  return *rpcs_.back();
}

}  // namespace tokenbroker
