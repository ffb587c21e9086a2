#include "server/telemetry/broker_metrics.h"

#include <algorithm>

namespace tokenbroker {
namespace {

constexpr std::array<std::string_view, 5> kOutcomes = {"succeeded", "failed", "expired", "cancelled", "superseded"};
constexpr std::array<std::string_view, 9> kVerdicts = {"accepted",  "replayed",   "parked",  "conflict", "expired",
                                                       "cancelled", "superseded", "unknown", "refused"};
constexpr std::array<std::string_view, 5> kDoors = {"grpc", "rest", "aws", "callback", "drop"};
constexpr std::array<std::string_view, 2> kDropEndings = {"done", "failed"};
constexpr std::array<std::string_view, 7> kQueues = {"commit", "reads",    "awaits",        "watches",
                                                     "parked", "progress", "cancel_reasons"};
constexpr char kQueueDepth[] = "tokenbroker_queue_depth";
constexpr char kQueueDepthHelp[] = "What waits: operations for the committer, calls to read the store.";
constexpr std::array<std::string_view, 17> kCodes = {
    "OK",        "CANCELLED",      "UNKNOWN",           "INVALID_ARGUMENT",   "DEADLINE_EXCEEDED",
    "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION",
    "ABORTED",   "OUT_OF_RANGE",   "UNIMPLEMENTED",     "INTERNAL",           "UNAVAILABLE",
    "DATA_LOSS", "UNAUTHENTICATED"};

constexpr std::array<std::string_view, 6> kHangups = {"too_many", "evicted", "handshake",
                                                      "too_slow", "reset",   "unsent"};
// What our server answers with. The last counts for all others.
constexpr std::array<std::string_view, 25> kStatuses = {"200", "204", "303", "400", "401", "403", "404",  "405", "408",
                                                        "409", "410", "413", "414", "415", "417", "422",  "429", "431",
                                                        "499", "500", "501", "503", "504", "505", "other"};

size_t IndexOfCode(int code) { return code >= 0 && code < static_cast<int>(kCodes.size()) ? code : 2; }

size_t IndexOfStatus(int status) {
  const std::string text = std::to_string(status);
  return std::min<size_t>(std::find(kStatuses.begin(), kStatuses.end(), text) - kStatuses.begin(),
                          kStatuses.size() - 1);
}

constexpr double kLatenessBounds[] = {0.001, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60, 600, 3600, 86400};
constexpr double kGroupBounds[] = {1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192};

}  // namespace

// What tells RPC methods and HTTP routes apart.
struct AnswerMetrics::Kind {
  const char* label;
  const char* total;
  const char* total_help;
  const char* duration;
  const char* duration_help;
  absl::Span<const std::string_view> codes;
  size_t (*index_of)(int code);
};

const AnswerMetrics::Kind AnswerMetrics::kRpc = {"method",
                                                 "tokenbroker_rpc_total",
                                                 "Calls that ended, by method and status code.",
                                                 "tokenbroker_rpc_duration_seconds",
                                                 "From a call's arrival to its answer, by method and status code.",
                                                 kCodes,
                                                 IndexOfCode};

const AnswerMetrics::Kind AnswerMetrics::kHttp = {
    "route",
    "tokenbroker_http_requests_total",
    "Requests that were answered, by route and status.",
    "tokenbroker_http_request_duration_seconds",
    "From a request's head until its answer is composed, by route and status.",
    kStatuses,
    IndexOfStatus};

void AnswerMetrics::OnDone(int code, double seconds) {
  ByCode& counted = For(kind_.index_of(code));
  counted.total.Increment();
  counted.duration.Observe(seconds);
}

AnswerMetrics::ByCode& AnswerMetrics::For(size_t index) {
  static_assert(kCodes.size() <= kMaxCodes && kStatuses.size() <= kMaxCodes);
  if (ByCode* known = by_code_[index].load(std::memory_order_acquire)) return *known;
  const std::lock_guard lock(mutex_);
  if (owned_[index] == nullptr) {
    const Labels labels = {{kind_.label, name_}, {"code", std::string(kind_.codes[index])}};
    owned_[index] = std::make_unique<ByCode>(
        ByCode{registry_.AddCounter(kind_.total, kind_.total_help, labels),
               registry_.AddHistogram(kind_.duration, kind_.duration_help, LatencyBounds(), labels)});
    by_code_[index].store(owned_[index].get(), std::memory_order_release);
  }
  return *owned_[index];
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
      parked_lapsed(
          registry.AddCounter("tokenbroker_parked_lapsed_total", "Parked outcomes for which no task came in time.")),
      expiry_lateness_seconds(registry.AddHistogram("tokenbroker_expiry_lateness_seconds",
                                                    "From a deadline to the moment its expiry was on disk.",
                                                    kLatenessBounds)),
      http_connections(
          registry.AddGauge("tokenbroker_http_connections", "Connections that are open at the HTTP door.")),
      commit_duration_seconds(registry.AddHistogram("tokenbroker_commit_duration_seconds",
                                                    "One append to the log with its sync.", LatencyBounds())),
      commit_group_size(registry.AddHistogram("tokenbroker_commit_group_size", "Changes in one append.", kGroupBounds)),
      queue_depth(registry.AddCallbackGauge(kQueueDepth, kQueueDepthHelp, {{"queue", "commit"}})),
      queued_reads(registry.AddCallbackGauge(kQueueDepth, kQueueDepthHelp, {{"queue", "reads"}})),
      queue_bytes(registry.AddCallbackGauge(
          "tokenbroker_queue_bytes", "Payload of the operations that wait for the committer.", {{"queue", "commit"}})),
      clock_offset_seconds(
          registry.AddCallbackGauge("tokenbroker_clock_offset_seconds", "Wall clock minus broker time.")),
      store_bytes(registry.AddCallbackGauge("tokenbroker_store_bytes", "What the store takes on disk, or in memory.")),
      disk_free_bytes(registry.AddCallbackGauge(
          "tokenbroker_disk_free_bytes",
          "What is left on the disk where the store is, less what is still to be written of what it has.")),
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
  for (size_t i = 0; i < kHangups.size(); ++i) {
    http_hangups_[i] =
        &registry.AddCounter("tokenbroker_http_hangups_total", "HTTP connections that ended before their time.",
                             {{"reason", std::string(kHangups[i])}});
  }
  for (size_t i = 0; i < kDropEndings.size(); ++i) {
    drop_files_[i] = &registry.AddCounter("tokenbroker_drop_files_total", "Files of the file drop that came to an end.",
                                          {{"result", std::string(kDropEndings[i])}});
  }
  for (size_t i = 0; i < kVerdicts.size(); ++i) {
    drop_rows_[i] = &registry.AddCounter("tokenbroker_drop_rows_total", "Judgements of rows of dropped files.",
                                         {{"verdict", std::string(kVerdicts[i])}});
  }
  for (size_t i = 0; i < kQueues.size(); ++i) {
    overload_refusals_[i] = &registry.AddCounter("tokenbroker_overload_refusals_total",
                                                 "Calls refused because something with a bound was full.",
                                                 {{"queue", std::string(kQueues[i])}});
  }
}

std::string_view NameOf(BoundedQueue queue) { return kQueues[static_cast<size_t>(queue)]; }

RpcMetrics& BrokerMetrics::rpc(std::string_view method) { return Answers(AnswerMetrics::kRpc, method); }

RouteMetrics& BrokerMetrics::http_route(std::string_view name) { return Answers(AnswerMetrics::kHttp, name); }

AnswerMetrics& BrokerMetrics::Answers(const AnswerMetrics::Kind& kind, std::string_view name) {
  const std::lock_guard lock(answers_mutex_);
  for (const auto& known : answers_) {
    if (&known->kind_ == &kind && known->name_ == name) return *known;
  }
  answers_.push_back(std::unique_ptr<AnswerMetrics>(new AnswerMetrics(registry_, kind, name)));
  return *answers_.back();
}

}  // namespace tokenbroker
