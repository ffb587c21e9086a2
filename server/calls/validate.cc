#include "server/calls/validate.h"

#include <algorithm>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/contract_limits.h"
#include "google/protobuf/map.h"
#include "server/broker/limits.h"
#include "server/broker/token_codec.h"
#include "server/calls/convert.h"
#include "server/calls/fields.h"
#include "server/contract/contract.h"

namespace tokenbroker::calls {
namespace {

using broker::Refusal;

constexpr size_t kMaxKey = 256;
constexpr size_t kMaxRequestId = 128;
constexpr size_t kMaxProgress = 4096;
constexpr size_t kMaxSummary = 1024;
constexpr size_t kMaxReason = 1024;
constexpr size_t kMaxTracestate = 512;
constexpr size_t kMaxSchema = 32'768;
constexpr size_t kMaxCursor = 64;
constexpr size_t kMaxAnswerCode = 64;
constexpr size_t kMaxAnswerMessage = 1024;
constexpr size_t kMaxLabelKey = 63;
constexpr size_t kMaxLabelValue = 255;
constexpr int kMaxAllowedErrors = 64;
constexpr int kMaxLabels = 32;
constexpr uint32_t kMaxAttempt = 65'535;
// Farther than any age; keeps the arithmetic on ages safe.
constexpr DurationMs kMaxAge = DurationMs{36'600} * 24 * 3600 * 1000;

bool IsLabelKey(std::string_view key) {
  return !key.empty() && key.size() <= kMaxLabelKey && std::all_of(key.begin(), key.end(), [](char c) {
    return absl::ascii_isalnum(c) || c == '-' || c == '_' || c == '.' || c == '/';
  });
}

// One entry of a map: "labels[team]". A key that breaks its rule may be anything, so it is escaped and cut.
std::string EntryOf(std::string_view field, std::string_view key) {
  const absl::string_view shown(key.data(), std::min(key.size(), kMaxLabelKey));
  return absl::StrCat(absl::string_view(field.data(), field.size()), "[", absl::CEscape(shown),
                      key.size() > kMaxLabelKey ? "..." : "", "]");
}

void CheckLabels(std::string_view field, const google::protobuf::Map<std::string, std::string>& labels,
                 Fields& fields) {
  if (labels.empty()) return;
  const std::string name(field);
  if (labels.size() > kMaxLabels)
    fields.Require(false, name, absl::StrCat("must hold at most ", kMaxLabels, " entries"));
  for (const auto& [key, value] : labels) {
    if (!IsLabelKey(key))
      fields.Require(false, EntryOf(name, key), "must have a key of 1 to 63 characters of [A-Za-z0-9-_./]");
    if (value.size() > kMaxLabelValue) fields.Bytes(EntryOf(name, key), value, kMaxLabelValue);
  }
}

bool IsLowerHex(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool IsZero(std::string_view text) { return text.find_first_not_of('0') == std::string_view::npos; }

// 00-<32 hexadecimal digits>-<16>-<2>, trace and span id not zero.
bool IsTraceparent(std::string_view text) {
  if (text.size() != 55 || text.substr(0, 3) != "00-" || text[35] != '-' || text[52] != '-') return false;
  const std::string_view trace = text.substr(3, 32), span = text.substr(36, 16), flags = text.substr(53);
  return IsLowerHex(trace) && IsLowerHex(span) && IsLowerHex(flags) && !IsZero(trace) && !IsZero(span);
}

void CheckTrace(const pb::TraceContext& trace, Fields& fields) {
  fields.Require(trace.traceparent().empty() || IsTraceparent(trace.traceparent()), "trace.traceparent",
                 "must be a W3C traceparent of version 00: 55 characters");
  fields.Bytes("trace.tracestate", trace.tracestate(), kMaxTracestate);
  fields.NoControlCharacters("trace.tracestate", trace.tracestate());
}

void CheckContract(const pb::OutcomeContract& contract, Fields& fields) {
  fields.Bytes("contract.output_schema", contract.output_schema(), kMaxSchema);
  if (!fields.broken() && !contract.output_schema().empty()) {
    const absl::Status status = contract::CheckSchema(contract.output_schema());
    if (!status.ok()) {
      fields.Require(false, "contract.output_schema", absl::StrCat("is not a usable JSON Schema: ", status.message()));
    }
  }
  fields.Require(contract.allowed_errors_size() <= kMaxAllowedErrors, "contract.allowed_errors",
                 "must hold at most 64 error codes");
  for (int i = 0; i < contract.allowed_errors_size(); ++i) {
    const std::string& error = contract.allowed_errors(i);
    if (error.size() > kMaxError) fields.Bytes(absl::StrCat("contract.allowed_errors[", i, "]"), error, kMaxError);
  }
}

void CheckKey(std::string_view field, const pb::CorrelationKey& key, Fields& fields) {
  const std::string name(field);
  fields.Name(name + ".namespace", key.namespace_());
  fields.NotEmpty(name + ".key", key.key());
  fields.Bytes(name + ".key", key.key(), kMaxKey);
  fields.NoControlCharacters(name + ".key", key.key());
}

// `field` is empty for an item that is itself the reference.
void CheckRef(const pb::TaskRef& ref, std::string_view field, Fields& fields) {
  const auto member = [field](const char* name) { return field.empty() ? name : std::string(field) + "." + name; };
  switch (ref.ref_case()) {
    case pb::TaskRef::kToken:
      if (!ref.token().empty() && ref.token().size() <= kMaxToken) return;
      fields.NotEmpty(member("token"), ref.token());
      return fields.Bytes(member("token"), ref.token(), kMaxToken);
    case pb::TaskRef::kTaskId:
      return fields.NotEmpty(member("task_id"), ref.task_id());
    case pb::TaskRef::kKey:
      return CheckKey(member("key"), ref.key(), fields);
    case pb::TaskRef::REF_NOT_SET:
      return fields.Require(false, field.empty() ? "ref" : field, "is required: set one of token, task_id and key");
  }
}

template <typename Settling>
void CheckDeliveryWait(const Settling& request, bool in_batch, Fields& fields) {
  if (!request.has_wait_for_delivery()) return;
  fields.Require(!in_batch, "wait_for_delivery", "is for single calls only, not for batches, streams and peeks");
  fields.Duration("wait_for_delivery", request.wait_for_delivery(), 0, kMaxDeliveryWait);
}

// A name that nobody knows would owe the outcome to nobody for ever, and one that is sent by a token which is not there
// would be refused when all the work is done.
void CheckTarget(const pb::IssueTaskRequest& request, const std::vector<TargetTerms>& known, Fields& fields) {
  const std::string& target = request.target();
  if (target.empty()) return;
  fields.Name("target", target);
  const auto terms = std::find_if(known.begin(), known.end(), [&](const auto& each) { return each.name == target; });
  if (terms != known.end()) {
    return fields.Require(!terms->needs_upstream_token || !request.upstream_token().empty(), "upstream_token",
                          absl::StrCat("is required by the target ", target));
  }
  const auto name = [](std::string* out, const TargetTerms& each) { out->append(each.name); };
  fields.Require(false, "target",
                 known.empty()
                     ? "cannot be used: this broker has no targets configured"
                     : absl::StrCat("must be one of the configured targets: ", absl::StrJoin(known, ", ", name)));
}

// Outcomes are parked under correlation keys only; that a token's is not to be parked may be said, and changes nothing.
template <typename Settling>
void CheckParking(const Settling& request, Fields& fields) {
  if (!request.has_park_for()) return;
  const std::optional<DurationMs> asked = ParseDuration(request.park_for());
  fields.Require(asked.has_value() && *asked <= broker::kMaxParkTime, "park_for",
                 "must be a duration of at most 7d; 0 stands for 15 minutes, and a negative one for not parking");
  const bool parks = request.park_for().seconds() > 0 || request.park_for().nanos() > 0;
  fields.Require(!parks || request.task().has_key(), "park_for", "is for tasks named by correlation key only");
}

void CheckView(pb::TaskView view, Fields& fields) {
  fields.Require(pb::TaskView_IsValid(view), "view", "must be one of TASK_VIEW_BASIC and TASK_VIEW_FULL");
}

void CheckFilter(const pb::TaskFilter& filter, Fields& fields) {
  fields.Require(filter.states_size() <= kMaxStates, "filter.states", "must hold at most 16 states");
  for (int state : filter.states()) {
    fields.Require(pb::TaskState_IsValid(state) && state != pb::TASK_STATE_UNSPECIFIED, "filter.states",
                   "must hold known states only");
  }
  CheckLabels("filter.labels", filter.labels(), fields);
  fields.Bytes("filter.correlation_key_prefix", filter.correlation_key_prefix(), kMaxKey);
  if (!filter.target().empty()) fields.Name("filter.target", filter.target());
  if (filter.has_min_age()) fields.Duration("filter.min_age", filter.min_age(), 0, kMaxAge);
  if (filter.has_max_age()) fields.Duration("filter.max_age", filter.max_age(), 0, kMaxAge);
}

}  // namespace

Refusal Validate(const pb::TaskRef& ref, std::string_view field) {
  Fields fields;
  CheckRef(ref, field, fields);
  return std::move(fields.refusal());
}

Refusal ValidateBatch(int items) {
  Fields fields;
  fields.Items("items", items, kMaxBatch);
  return std::move(fields.refusal());
}

// --- ResolverService ---

Refusal Validate(const pb::HeartbeatRequest& request) {
  Fields fields;
  CheckRef(request.task(), "task", fields);
  if (!request.progress().empty()) fields.Json("progress", request.progress(), kMaxProgress);
  return std::move(fields.refusal());
}

Refusal Validate(const pb::SucceedRequest& request, const InputLimits& limits, std::string_view prefix) {
  Fields fields(prefix);
  CheckRef(request.task(), "task", fields);
  fields.NotEmpty("output", request.output());
  fields.Json("output", request.output(), limits.max_output);
  fields.Bytes("request_id", request.request_id(), kMaxRequestId);
  CheckParking(request, fields);
  CheckDeliveryWait(request, !prefix.empty(), fields);
  return std::move(fields.refusal());
}

Refusal Validate(const pb::FailRequest& request, const InputLimits& limits, std::string_view prefix) {
  Fields fields(prefix);
  CheckRef(request.task(), "task", fields);
  fields.Bytes("error", request.error(), kMaxError);
  fields.Bytes("cause", request.cause(), kMaxCause);
  fields.Bytes("request_id", request.request_id(), kMaxRequestId);
  CheckParking(request, fields);
  CheckDeliveryWait(request, !prefix.empty(), fields);
  return std::move(fields.refusal());
}

Refusal Validate(const pb::Settlement& settlement, const InputLimits& limits, std::string_view prefix) {
  const std::string before(prefix);
  switch (settlement.outcome_case()) {
    case pb::Settlement::kSucceed:
      return Validate(settlement.succeed(), limits, before + "succeed.");
    case pb::Settlement::kFail:
      return Validate(settlement.fail(), limits, before + "fail.");
    case pb::Settlement::OUTCOME_NOT_SET:
      return broker::InvalidField(before + "outcome", "is required: set one of succeed and fail");
  }
  return {};
}

Refusal Validate(const pb::PeekTaskRequest& request, const InputLimits& limits) {
  return Validate(request.settlement(), limits, "settlement.");
}

// --- TaskService ---

Refusal Validate(const pb::IssueTaskRequest& request, const InputLimits& limits) {
  Fields fields;
  fields.Name("namespace", request.namespace_());
  fields.Bytes("request_id", request.request_id(), kMaxRequestId);
  fields.Bytes("correlation_key", request.correlation_key(), kMaxKey);
  fields.NoControlCharacters("correlation_key", request.correlation_key());
  fields.Require(request.attempt() <= kMaxAttempt, "attempt", "must be at most 65535");
  if (!request.input().empty()) fields.Json("input", request.input(), limits.max_input);
  fields.Bytes("summary", request.summary(), kMaxSummary);
  fields.NoControlCharacters("summary", request.summary());
  CheckLabels("labels", request.labels(), fields);
  CheckTarget(request, limits.targets, fields);
  DurationMs timeout = limits.default_timeout;
  if (request.has_timeout()) {
    fields.Duration("timeout", request.timeout(), kMinTimeout, kMaxTimeout);
    timeout = ParseDuration(request.timeout()).value_or(timeout);
  }
  if (request.has_heartbeat_timeout() && ParseDuration(request.heartbeat_timeout()) != 0) {
    fields.Duration("heartbeat_timeout", request.heartbeat_timeout(), kMinTimeout, timeout);
  }
  fields.Bytes("upstream_token", request.upstream_token(), kMaxToken);
  fields.Require(request.upstream_token().empty() || !broker::TokenCodec::LooksLikeOurs(request.upstream_token()),
                 "upstream_token", "must be another engine's token, not one of a broker");
  if (request.has_trace()) CheckTrace(request.trace(), fields);
  if (request.has_contract()) CheckContract(request.contract(), fields);
  return std::move(fields.refusal());
}

Refusal Validate(const pb::GetTaskRequest& request) {
  Fields fields;
  CheckRef(request.task(), "task", fields);
  CheckView(request.view(), fields);
  return std::move(fields.refusal());
}

Refusal Validate(const pb::BatchGetTasksRequest& request) {
  Fields fields;
  fields.Items("tasks", request.tasks_size(), kMaxBatch);
  CheckView(request.view(), fields);
  return std::move(fields.refusal());
}

Refusal Validate(const pb::ListTasksRequest& request) {
  Fields fields;
  fields.Name("namespace", request.namespace_());
  CheckFilter(request.filter(), fields);
  fields.Require(request.page_size() >= 0, "page_size", "must not be negative");
  fields.Bytes("page_token", request.page_token(), kMaxCursor);
  CheckView(request.view(), fields);
  return std::move(fields.refusal());
}

Refusal Validate(const pb::CancelTaskRequest& request) {
  Fields fields;
  CheckRef(request.task(), "task", fields);
  fields.Bytes("reason", request.reason(), kMaxReason);
  if (request.has_grace()) fields.Duration("grace", request.grace(), 0, broker::kMaxGrace);
  return std::move(fields.refusal());
}

Refusal Validate(const pb::ExtendDeadlineRequest& request) {
  Fields fields;
  CheckRef(request.task(), "task", fields);
  fields.Require(request.has_timeout(), "timeout", "is required");
  fields.Duration("timeout", request.timeout(), kMinTimeout, kMaxTimeout);
  return std::move(fields.refusal());
}

Refusal Validate(const pb::AwaitTaskRequest& request) {
  Fields fields;
  CheckRef(request.task(), "task", fields);
  if (request.has_limit()) fields.Duration("limit", request.limit(), 0, broker::kMaxAwait);
  return std::move(fields.refusal());
}

Refusal Validate(const pb::WatchTasksRequest& request) {
  Fields fields;
  fields.Name("namespace", request.namespace_());
  fields.Bytes("cursor", request.cursor(), kMaxCursor);
  CheckFilter(request.filter(), fields);
  CheckView(request.view(), fields);
  return std::move(fields.refusal());
}

// --- DeliveryService ---

Refusal Validate(const pb::ListDeliveriesRequest& request) {
  Fields fields;
  if (!request.namespace_().empty()) fields.Name("namespace", request.namespace_());
  fields.Require(request.states_size() <= kMaxStates, "states", "must hold at most 16 states");
  for (int state : request.states()) {
    fields.Require(pb::DeliveryState_IsValid(state) && state != pb::DELIVERY_STATE_UNSPECIFIED, "states",
                   "must hold known states only");
  }
  if (!request.target().empty()) fields.Name("target", request.target());
  fields.Require(request.page_size() >= 0, "page_size", "must not be negative");
  fields.Bytes("page_token", request.page_token(), kMaxCursor);
  return std::move(fields.refusal());
}

Refusal Validate(const pb::GetDeliveryRequest& request) { return Validate(request.task()); }

Refusal Validate(const pb::DropDeliveryRequest& request) { return Validate(request.task()); }

namespace {

// What picks deliveries to be changed.
template <typename Request>
void CheckPicked(const Request& request, Fields& fields) {
  if (!request.namespace_().empty()) fields.Name("namespace", request.namespace_());
  if (!request.target().empty()) fields.Name("target", request.target());
  fields.Require(request.limit() >= 0 && request.limit() <= kMaxPicked, "limit", "must be 0 to 10000");
}

}  // namespace

Refusal Validate(const pb::RedriveDeliveriesRequest& request) {
  Fields fields;
  if (request.has_task()) {
    CheckRef(request.task(), "task", fields);
    fields.Require(request.namespace_().empty() && request.target().empty() && request.limit() == 0, "task",
                   "cannot be set together with namespace, target or limit");
  }
  CheckPicked(request, fields);
  return std::move(fields.refusal());
}

Refusal Validate(const pb::DropDeliveriesRequest& request) {
  Fields fields;
  CheckPicked(request, fields);
  fields.Require(request.states_size() > 0, "states", "must say what is to be dropped");
  for (int state : request.states()) {
    fields.Require(state == pb::DELIVERY_STATE_DEAD_LETTERED || state == pb::DELIVERY_STATE_PENDING, "states",
                   "must be DEAD_LETTERED or PENDING");
  }
  return std::move(fields.refusal());
}

namespace {

Refusal ValidateAnswer(const pb::DeliveryAnswer& said, std::string_view prefix) {
  Fields fields(prefix);
  fields.NotEmpty("delivery_id", said.delivery_id());
  fields.Require(said.answer_case() != pb::DeliveryAnswer::ANSWER_NOT_SET, "answer",
                 "must be accepted, later or rejected");
  if (said.has_later()) {
    const pb::DeliveryAnswer::Later& later = said.later();
    if (later.has_delay()) fields.Duration("later.delay", later.delay(), 0, kMaxAnswerDelay);
    fields.Bytes("later.code", later.code(), kMaxAnswerCode);
    fields.NoControlCharacters("later.code", later.code());
    fields.Bytes("later.message", later.message(), kMaxAnswerMessage);
  }
  if (said.has_rejected()) {
    const pb::DeliveryAnswer::Rejected& rejected = said.rejected();
    fields.NotEmpty("rejected.code", rejected.code());
    fields.Bytes("rejected.code", rejected.code(), kMaxAnswerCode);
    fields.NoControlCharacters("rejected.code", rejected.code());
    fields.Bytes("rejected.message", rejected.message(), kMaxAnswerMessage);
  }
  return std::move(fields.refusal());
}

}  // namespace

broker::Refusal Validate(const pb::SubscribeRequest& request, bool first) {
  Fields fields;
  if (first) {
    fields.Name("target", request.target());
    fields.Require(request.answers().empty(), "answers", "must be empty in the first message");
  } else {
    fields.Require(request.target().empty(), "target", "must be empty after the first message");
  }
  fields.Require(request.credit() >= 0 && request.credit() <= kMaxCredit, "credit", "must be 0 to 1000");
  fields.Require(request.answers_size() <= kMaxBatch, "answers", "must hold at most 1000 items");
  for (int i = 0; i < request.answers_size() && !fields.broken(); ++i) {
    fields.refusal() = ValidateAnswer(request.answers(i), absl::StrCat("answers[", i, "]."));
  }
  return std::move(fields.refusal());
}

}  // namespace tokenbroker::calls
