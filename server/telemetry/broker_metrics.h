// Every metric of the broker, by its name in the code:
//
//   metrics.tasks_issued.Increment();
//   metrics.settle_verdicts(SettleVerdict::kReplayed, DoorKind::kGrpc).Increment();
//
// docs/operating.md lists them for those who build dashboards; a test keeps that list complete.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "server/telemetry/metrics.h"

namespace tokenbroker {

// Label values. What is counted under them is said at the metric that has them.
enum class TaskOutcome : uint8_t { kSucceeded, kFailed, kExpired, kCancelled, kSuperseded };
enum class SettleVerdict : uint8_t {
  kAccepted,
  kReplayed,
  kParked,
  kConflict,
  kExpired,
  kCancelled,
  kSuperseded,
  kUnknown,
  kRefused
};
// Where a dropped file went.
enum class DropEnding : uint8_t { kDone, kFailed };
enum class DoorKind : uint8_t { kGrpc, kRest, kAws, kCallback, kDrop };
// Why an HTTP connection ended before its time.
enum class HttpHangup : uint8_t { kTooMany, kEvicted, kHandshake, kTooSlow, kReset, kUnsent };
enum class BoundedQueue : uint8_t { kCommit, kReads, kAwaits, kWatches, kParked, kProgress, kCancelReasons };
// As its label says it.
std::string_view NameOf(BoundedQueue queue);

// Counts what was answered under one name, by code: the calls of an RPC method, or the requests of an HTTP route. Made
// once per name; OnDone costs two look-ups and three additions.
class AnswerMetrics {
 public:
  // `code` is a gRPC status code, or an HTTP status; the unknown count as UNKNOWN (2), or as "other".
  void OnDone(int code, double seconds);

 private:
  friend struct BrokerMetrics;
  static constexpr size_t kMaxCodes = 25;
  struct Kind;
  static const Kind kRpc;
  static const Kind kHttp;
  struct ByCode {
    Counter& total;
    Histogram& duration;
  };
  AnswerMetrics(MetricsRegistry& registry, const Kind& kind, std::string_view name)
      : registry_(registry), kind_(kind), name_(name) {}
  ByCode& For(size_t index);

  MetricsRegistry& registry_;
  const Kind& kind_;
  const std::string name_;
  std::mutex mutex_;
  std::array<std::unique_ptr<ByCode>, kMaxCodes> owned_;
  // What `owned_` holds, readable without the lock. Made at first use: most names see two or three codes.
  std::array<std::atomic<ByCode*>, kMaxCodes> by_code_{};
};
using RpcMetrics = AnswerMetrics;
using RouteMetrics = AnswerMetrics;

struct BrokerMetrics {
  explicit BrokerMetrics(MetricsRegistry& registry, std::string_view version = "dev");

  // --- Tasks ---
  // tokenbroker_tasks_issued_total: tasks that were issued; repetitions of a request id do not count.
  Counter& tasks_issued;
  // tokenbroker_tasks_resolved_total{outcome}: tasks that ended.
  Counter& tasks_resolved(TaskOutcome outcome) { return *tasks_resolved_[static_cast<size_t>(outcome)]; }
  // tokenbroker_settle_verdicts_total{verdict,door}: judgements of settling calls, one per item of a batch.
  Counter& settle_verdicts(SettleVerdict verdict, DoorKind door) {
    return *settle_verdicts_[static_cast<size_t>(door)][static_cast<size_t>(verdict)];
  }
  // tokenbroker_heartbeats_total: beats that were accepted.
  Counter& heartbeats;
  // tokenbroker_open_tasks: tasks that wait.
  CallbackGauge& open_tasks;
  // tokenbroker_oldest_open_age_seconds: age of the task that waits longest; 0 if none waits.
  CallbackGauge& oldest_open_age_seconds;
  // tokenbroker_parked_callbacks: outcomes that came before their task.
  CallbackGauge& parked_callbacks;
  // tokenbroker_parked_refused_total: parked outcomes that broke the contract of the task they were for, and were
  // dropped.
  Counter& parked_refused;
  // tokenbroker_parked_lapsed_total: parked outcomes for which no task came in time.
  Counter& parked_lapsed;
  // tokenbroker_expiry_lateness_seconds: from a deadline to the moment its expiry was on disk.
  Histogram& expiry_lateness_seconds;

  // --- Doors ---
  // tokenbroker_rpc_total{method,code} and tokenbroker_rpc_duration_seconds{method,code}, for a method's short name
  // ("ResolverService/Succeed"). The same object for the same name; valid as long as this struct.
  RpcMetrics& rpc(std::string_view method);
  // tokenbroker_http_requests_total{route,code} and tokenbroker_http_request_duration_seconds{route,code}, for a
  // route's name ("POST /v1/tokens/{task.token}:succeed"); "none" for requests that found none. As rpc().
  RouteMetrics& http_route(std::string_view name);
  // tokenbroker_http_connections: connections that are open at the HTTP door.
  Gauge& http_connections;
  // tokenbroker_http_hangups_total{reason}: connections that ended before their time.
  Counter& http_hangups(HttpHangup why) { return *http_hangups_[static_cast<size_t>(why)]; }

  // tokenbroker_drop_files_total{result}: files of the file drop that were settled (done), or were not readable to
  // their end (failed).
  Counter& drop_files(DropEnding ending) { return *drop_files_[static_cast<size_t>(ending)]; }
  // tokenbroker_drop_rows_total{verdict}: judgements of their rows.
  Counter& drop_rows(SettleVerdict verdict) { return *drop_rows_[static_cast<size_t>(verdict)]; }

  // --- The committer ---
  // tokenbroker_commit_duration_seconds: one append with its sync.
  Histogram& commit_duration_seconds;
  // tokenbroker_commit_group_size: changes in one append.
  Histogram& commit_group_size;
  // tokenbroker_queue_depth{queue="commit"}: operations that wait for the committer, or to be compared with a record.
  CallbackGauge& queue_depth;
  // tokenbroker_queue_depth{queue="reads"}: calls that wait to read the store.
  CallbackGauge& queued_reads;
  // tokenbroker_queue_bytes{queue="commit"}: the payload that the committer's operations carry.
  CallbackGauge& queue_bytes;
  // tokenbroker_overload_refusals_total{queue}: calls refused because something with a bound was full; for progress,
  // which is no reason to refuse a heartbeat, what was not kept.
  Counter& overload_refusals(BoundedQueue queue) { return *overload_refusals_[static_cast<size_t>(queue)]; }

  // --- Store and machine ---
  // tokenbroker_clock_offset_seconds: wall clock minus broker time.
  CallbackGauge& clock_offset_seconds;
  // tokenbroker_store_bytes: what the store takes on disk, or in memory.
  CallbackGauge& store_bytes;
  // tokenbroker_disk_free_bytes: what is left where the store is, less what the store has still to write of what it
  // has.
  CallbackGauge& disk_free_bytes;
  // tokenbroker_checkpoint_age_seconds: since the last checkpoint; a restart replays about this much.
  CallbackGauge& checkpoint_age_seconds;
  // tokenbroker_retention_floor_age_seconds: age of the oldest change still in the log.
  CallbackGauge& retention_floor_age_seconds;
  // tokenbroker_build_info{version}: always 1.
  Gauge& build_info;

 private:
  AnswerMetrics& Answers(const AnswerMetrics::Kind& kind, std::string_view name);

  MetricsRegistry& registry_;
  std::array<Counter*, 5> tasks_resolved_;
  std::array<std::array<Counter*, 9>, 5> settle_verdicts_;
  std::array<Counter*, 7> overload_refusals_;
  std::array<Counter*, 6> http_hangups_;
  std::array<Counter*, 2> drop_files_;
  std::array<Counter*, 9> drop_rows_;
  std::mutex answers_mutex_;
  std::vector<std::unique_ptr<AnswerMetrics>> answers_;
};

}  // namespace tokenbroker
