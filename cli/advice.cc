#include "cli/advice.h"

#include "cli/error.h"
#include "cli/time_text.h"

namespace tokenbroker::cli {
namespace {

std::string AdviceForReason(v1::ErrorReason reason) {
  switch (reason) {
    case v1::ERROR_REASON_INVALID_FIELD:
      return "correct the field and run the command again; nothing was changed";
    case v1::ERROR_REASON_CONTRACT_VIOLATION:
      return "send an outcome that meets the task's contract; the task is still open. Try one with: tokenctl peek";
    case v1::ERROR_REASON_REQUEST_ID_REUSED:
      return "use a new --request-id, or leave it out to have one made";
    case v1::ERROR_REASON_TASK_UNKNOWN:
      return "check the token for missing or added characters, and that --address and --namespace name the right "
             "broker; ended tasks are forgotten after a while";
    case v1::ERROR_REASON_TASK_ALREADY_RESOLVED:
      return "nothing can be changed any more; the first outcome stands. See it with: tokenctl get";
    case v1::ERROR_REASON_TASK_EXPIRED:
      return "stop the work. Next time ask for a longer --timeout, beat more often, or use: tokenctl extend";
    case v1::ERROR_REASON_TASK_CANCELLED:
      return "stop the work; nobody waits for it any more";
    case v1::ERROR_REASON_TASK_SUPERSEDED:
      return "stop the work; a newer attempt is responsible now";
    case v1::ERROR_REASON_DELIVERY_SETTLED:
      return "nothing is to be done; see how it ended with: tokenctl delivery get";
    case v1::ERROR_REASON_DELIVERY_UNKNOWN:
      return "check that the task has a target and has ended; what the engine ended itself is not delivered";
    case v1::ERROR_REASON_CANCEL_REQUESTED:
      return "the task ends with the grace time; to end it sooner, cancel it again with a shorter --grace";
    case v1::ERROR_REASON_CORRELATION_KEY_IN_USE:
      return "settle or cancel the open task with this --key, or replace it with a higher --attempt";
    case v1::ERROR_REASON_UPSTREAM_TOKEN_IN_USE:
      return "use the task that was issued for this upstream token, or cancel it first";
    case v1::ERROR_REASON_CREDENTIALS_UNKNOWN:
      return "set TOKENBROKER_API_KEY or --api-key-file to a key that this broker knows";
    case v1::ERROR_REASON_PERMISSION_DENIED:
      return "use a key with this right, or ask whoever runs the broker; a task's own token needs no right";
    case v1::ERROR_REASON_OVERLOADED:
      return "try again a little later; nothing was changed";
    case v1::ERROR_REASON_NAMESPACE_LIMIT:
      return "make room for what the text names, or have its limit raised: open tasks can be settled or cancelled; a "
             "parked outcome goes when its task is issued or its time is over; namespaces stay";
    case v1::ERROR_REASON_DISK_FULL:
      return "tell whoever runs the broker; open tasks can still be settled";
    case v1::ERROR_REASON_DRAINING:
      return "try again in some seconds; the broker is restarting";
    case v1::ERROR_REASON_CURSOR_EXPIRED:
      return "changes were missed. Read the tasks with: tokenctl list -o json; then watch from its watch_cursor";
    case v1::ERROR_REASON_INTERNAL:
      return "tell whoever runs the broker; its log says more, under \"call_failed\"";
    default:
      return "";
  }
}

std::string AdviceForCode(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kUnavailable:
      return "check that the broker runs at this address (--address, TOKENBROKER_ADDRESS) and whether it wants TLS; "
             "the same command may be sent again";
    case absl::StatusCode::kDeadlineExceeded:
      return "send the same command again, or give it longer with --timeout; it may have taken effect";
    case absl::StatusCode::kUnimplemented:
      return "this broker is older than tokenctl: see tokenctl status";
    case absl::StatusCode::kUnauthenticated:
      return AdviceForReason(v1::ERROR_REASON_CREDENTIALS_UNKNOWN);
    default:
      return "";
  }
}

std::string Recorded(const v1::ResolvedDetail& detail) {
  std::string text = v1::TaskState_Name(detail.state()).substr(sizeof "TASK_STATE_" - 1);
  if (!detail.outcome().error().empty()) text += " \"" + detail.outcome().error() + "\"";
  if (detail.outcome().has_resolved_at()) text += " at " + FormatTime(ToMs(detail.outcome().resolved_at()));
  if (!detail.outcome().resolved_by().empty()) text += " by " + detail.outcome().resolved_by();
  return text;
}

// What is parked belongs to no task yet: there is none to look at.
bool IsParked(const ErrorDetails& details) {
  return details.reason == v1::ERROR_REASON_TASK_ALREADY_RESOLVED && details.resolved &&
         details.resolved->task_id().empty();
}

std::string AdviceFor(const absl::Status& error, const ErrorDetails& details) {
  if (IsParked(details)) {
    return "nothing can be changed any more; the first outcome waits for the task with this key, and goes if none is "
           "issued in time";
  }
  const std::string advice = AdviceForReason(details.reason);
  return advice.empty() ? AdviceForCode(error.code()) : advice;
}

std::string Headline(const absl::Status& error, const ErrorDetails& details) {
  if (!error.message().empty()) return std::string(error.message());
  if (!details.reason_name.empty()) return "refused with " + details.reason_name;
  return absl::StatusCodeToString(error.code());
}

void AddLine(std::string& text, const std::string& label, const std::string& value) {
  if (!value.empty()) text += "  " + label + std::string(11 - label.size(), ' ') + Printable(value) + "\n";
}

}  // namespace

std::string Printable(const std::string& text) {
  std::string clean = text;
  for (char& c : clean) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) c = byte == '\t' || byte == '\n' ? ' ' : '?';
  }
  return clean;
}

std::string Explain(const absl::Status& error) {
  const ErrorDetails details = DetailsOf(error);
  std::string text = "tokenctl: " + Printable(Headline(error, details)) + "\n";
  AddLine(text, "reason:", details.reason_name);
  for (const auto& violation : details.violations) {
    const bool is_said = violation.description == error.message();
    AddLine(text, "field:", is_said ? violation.field : violation.field + ": " + violation.description);
  }
  if (details.resolved) {
    AddLine(text, "task:", details.resolved->task_id());
    AddLine(text, "recorded:", Recorded(*details.resolved));
  }
  if (details.retry_after) AddLine(text, "retry:", "after " + FormatDuration(*details.retry_after));
  AddLine(text, "do:", AdviceFor(error, details));
  AddLine(text, "request:", details.request_id);
  return text;
}

}  // namespace tokenbroker::cli
