#include "server/calls/convert.h"

#include "server/broker/broker.h"

namespace tokenbroker::calls {
namespace {

constexpr int64_t kMaxDurationSeconds = 315'576'000'000;
constexpr int32_t kNanosPerMs = 1'000'000;
constexpr int32_t kNanosPerSecond = 1'000'000'000;

template <typename SecondsAndNanos>
void SetMs(int64_t ms, SecondsAndNanos* out) {
  out->set_seconds(ms / 1000);
  out->set_nanos(static_cast<int32_t>(ms % 1000) * kNanosPerMs);
}

void FillOutcome(const storage::ResolvedEntry& entry, bool full, pb::Outcome* out) {
  if (full) out->set_output(std::string(entry.output));
  out->set_error(std::string(entry.error));
  out->set_cause(std::string(entry.cause));
  SetTimestamp(entry.time, out->mutable_resolved_at());
  out->set_resolved_by(std::string(entry.resolved_by));
}

void FillIssued(const storage::IssuedEntry& issued, bool full, pb::Task* out) {
  out->set_namespace_(std::string(issued.name_space));
  out->set_correlation_key(std::string(issued.correlation_key));
  out->set_attempt(issued.attempt);
  out->set_target(std::string(issued.target));
  out->set_summary(std::string(issued.summary));
  for (const auto& [key, value] : issued.labels) (*out->mutable_labels())[std::string(key)] = std::string(value);
  if (full) out->set_input(std::string(issued.input));
  SetTimestamp(issued.time, out->mutable_issued_at());
  if (issued.heartbeat_timeout != 0) SetDuration(issued.heartbeat_timeout, out->mutable_heartbeat_timeout());
  if (!issued.traceparent.empty()) {
    out->mutable_trace()->set_traceparent(std::string(issued.traceparent));
    out->mutable_trace()->set_tracestate(std::string(issued.tracestate));
  }
  out->set_has_upstream_token(!issued.upstream_token_sealed.empty());
  out->set_issued_by(std::string(issued.issued_by));
}

}  // namespace

void SetTimestamp(TimeMs time, google::protobuf::Timestamp* out) { SetMs(time, out); }
void SetDuration(DurationMs duration, google::protobuf::Duration* out) { SetMs(duration, out); }

std::optional<DurationMs> ParseDuration(const google::protobuf::Duration& duration) {
  const int64_t seconds = duration.seconds();
  const int32_t nanos = duration.nanos();
  if (seconds < -kMaxDurationSeconds || seconds > kMaxDurationSeconds) return std::nullopt;
  if (nanos <= -kNanosPerSecond || nanos >= kNanosPerSecond) return std::nullopt;
  if ((seconds > 0 && nanos < 0) || (seconds < 0 && nanos > 0)) return std::nullopt;
  const int32_t outwards = nanos > 0 ? kNanosPerMs - 1 : 1 - kNanosPerMs;
  return seconds * 1000 + (nanos == 0 ? 0 : (nanos + outwards) / kNanosPerMs);
}

pb::WatchTasksResponse::Kind ToProto(broker::Change::Kind kind) {
  switch (kind) {
    case broker::Change::Kind::kIssued:
      return pb::WatchTasksResponse::KIND_ISSUED;
    case broker::Change::Kind::kProgress:
      return pb::WatchTasksResponse::KIND_PROGRESS;
    case broker::Change::Kind::kDeadlineChanged:
      return pb::WatchTasksResponse::KIND_DEADLINE_CHANGED;
    case broker::Change::Kind::kCancelRequested:
      return pb::WatchTasksResponse::KIND_CANCEL_REQUESTED;
    case broker::Change::Kind::kResolved:
      return pb::WatchTasksResponse::KIND_RESOLVED;
  }
  return pb::WatchTasksResponse::KIND_UNSPECIFIED;
}

void FillTask(const broker::TaskRecord& record, pb::TaskView view, pb::Task* out) {
  const bool full = view == pb::TASK_VIEW_FULL;
  out->set_task_id(broker::FormatTaskId(0, record.task));
  out->set_state(ToProto(record.state));
  FillIssued(record.issued, full, out);
  SetTimestamp(record.deadline, out->mutable_deadline());
  if (record.last_heartbeat != 0) SetTimestamp(record.last_heartbeat, out->mutable_last_heartbeat_at());
  if (!record.progress.empty()) {
    out->mutable_progress()->set_details(record.progress);
    SetTimestamp(record.progress_at, out->mutable_progress()->mutable_at());
  }
  out->set_cancel_requested(record.cancel_requested);
  if (record.outcome.has_value()) FillOutcome(*record.outcome, full, out->mutable_outcome());
}

broker::TaskFilter FilterOf(const pb::TaskFilter& filter) {
  broker::TaskFilter out;
  for (int state : filter.states()) out.states.push_back(static_cast<broker::TaskState>(state));
  for (const auto& [key, value] : filter.labels()) out.labels.emplace_back(key, value);
  out.correlation_key_prefix = filter.correlation_key_prefix();
  out.target = filter.target();
  out.min_age = ParseDuration(filter.min_age()).value_or(0);
  out.max_age = ParseDuration(filter.max_age()).value_or(0);
  return out;
}

}  // namespace tokenbroker::calls
