#include "server/calls/errors.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/system_clock.h"
#include "base/text.h"
#include "google/rpc/error_details.pb.h"
#include "server/broker/broker.h"
#include "server/broker/refusals.h"
#include "server/calls/convert.h"
#include "server/telemetry/log.h"

namespace tokenbroker::calls {
namespace {

constexpr char kDomain[] = "tokenbroker.v1";
constexpr size_t kLongestText = 1024;
constexpr size_t kLongestField = 256;
constexpr DurationMs kFaultLogInterval = 10'000;
constexpr DurationMs kRetryWhenReadsWait = 1000;

std::string Cut(const std::string& text, size_t max) {
  if (text.size() <= max) return text;
  return std::string(CutAtCharacter(text, max)) + "...";
}

bool NamesTask(const Refused& refused) {
  switch (refused.refusal.reason) {
    case broker::Reason::kContractViolation:
    case broker::Reason::kTaskAlreadyResolved:
    case broker::Reason::kTaskExpired:
    case broker::Reason::kTaskCancelled:
    case broker::Reason::kTaskSuperseded:
      return refused.task != 0;
    default:
      return false;
  }
}

void FillResolved(const Refused& refused, pb::ResolvedDetail* out) {
  const broker::RecordedOutcome& recorded = *refused.recorded;
  if (refused.task != 0) out->set_task_id(broker::FormatTaskId(0, refused.task));
  out->set_state(ToProto(recorded.state));
  out->mutable_outcome()->set_error(recorded.error);
  out->mutable_outcome()->set_cause(Cut(recorded.cause, kLongestText));
  if (recorded.time != 0) SetTimestamp(recorded.time, out->mutable_outcome()->mutable_resolved_at());
  out->mutable_outcome()->set_resolved_by(recorded.resolved_by);
}

void AddInfo(const Refused& refused, google::rpc::Status& status) {
  google::rpc::ErrorInfo info;
  info.set_reason(broker::InfoOf(refused.refusal.reason).name);
  info.set_domain(kDomain);
  if (NamesTask(refused)) (*info.mutable_metadata())["task_id"] = broker::FormatTaskId(0, refused.task);
  status.add_details()->PackFrom(info);
}

void AddDetails(const Refused& refused, google::rpc::Status& status) {
  const broker::Refusal& refusal = refused.refusal;
  if (!refusal.field.empty()) {
    google::rpc::BadRequest bad;
    bad.add_field_violations()->set_field(Cut(refusal.field, kLongestField));
    bad.mutable_field_violations(0)->set_description(status.message());
    status.add_details()->PackFrom(bad);
  }
  if (refusal.retry_after > 0) {
    google::rpc::RetryInfo retry;
    SetDuration(refusal.retry_after, retry.mutable_retry_delay());
    status.add_details()->PackFrom(retry);
  }
  if (refused.recorded != nullptr) {
    pb::ResolvedDetail resolved;
    FillResolved(refused, &resolved);
    status.add_details()->PackFrom(resolved);
  }
}

}  // namespace

google::rpc::Status ToStatus(const Refused& refused) {
  google::rpc::Status status;
  status.set_code(static_cast<int>(broker::InfoOf(refused.refusal.reason).code));
  status.set_message(Cut(refused.refusal.message, kLongestText));
  AddInfo(refused, status);
  AddDetails(refused, status);
  return status;
}

void FillItemError(const Refused& refused, pb::ItemError* out) {
  out->Clear();
  const broker::Refusal& refusal = refused.refusal;
  out->set_code(static_cast<int>(broker::InfoOf(refusal.reason).code));
  out->set_reason(static_cast<pb::ErrorReason>(refusal.reason));
  out->set_message(Cut(refusal.message, kLongestText));
  out->set_field(Cut(refusal.field, kLongestField));
  if (refusal.retry_after > 0) SetDuration(refusal.retry_after, out->mutable_retry_after());
  if (refused.recorded != nullptr) FillResolved(refused, out->mutable_resolved());
}

broker::Refusal CredentialsUnknown() {
  return {broker::Reason::kCredentialsUnknown, "the API key or client certificate is not known to this broker"};
}

broker::Refusal MessageMalformed(const std::string& message_type) {
  return {broker::Reason::kInvalidField,
          absl::StrCat("the request is not a well-formed ", message_type, ", or a text in it is not UTF-8")};
}

broker::Refusal TooManyReads() {
  return {broker::Reason::kOverloaded, "too many calls wait to read the store", "", kRetryWhenReadsWait};
}

broker::Refusal CursorExpired() {
  return {broker::Reason::kCursorExpired,
          "the changes behind this cursor are kept no longer: list the tasks, then watch from the list's cursor"};
}

broker::Refusal DeliveryUnknown() {
  return {broker::Reason::kDeliveryUnknown, "no outcome of this task is owed to a target, nor ever was"};
}

broker::Refusal Fault(std::string message) {
  static LimitedLog log(kFaultLogInterval);
  log.Write(ElapsedMicros() / 1000, Level::kError, "call_failed", {{"msg", message}});
  return {broker::Reason::kInternal, std::move(message)};
}

broker::Refusal ReadRefusal(const absl::Status& status) {
  if (absl::IsNotFound(status)) return broker::TaskUnknown();
  return Fault(absl::StrCat("reading the store: ", status.message()));
}

}  // namespace tokenbroker::calls
