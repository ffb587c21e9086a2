#include "cli/task_view.h"

#include <algorithm>
#include <map>

#include "cli/table.h"
#include "cli/task_json.h"
#include "cli/time_text.h"

namespace tokenbroker::cli {
namespace {

std::string When(TimeMs now, bool present, const google::protobuf::Timestamp& time) {
  return present ? Relative(now, ToMs(time)) : "";
}

// With the exact time, which one task has room for.
std::string WhenExactly(TimeMs now, bool present, const google::protobuf::Timestamp& time) {
  return present ? FormatTime(ToMs(time)) + " (" + Relative(now, ToMs(time)) + ")" : "";
}

std::string Labels(const v1::Task& task) {
  const std::map<std::string, std::string> sorted(task.labels().begin(), task.labels().end());
  std::string text;
  for (const auto& [key, value] : sorted) text += (text.empty() ? "" : ",") + key + "=" + value;
  return text;
}

std::string StateText(const v1::Task& task) {
  if (task.state() == v1::TASK_STATE_WAITING && task.cancel_requested()) return "WAITING (cancel requested)";
  return NameOf(task.state());
}

void AddLiveness(Sheet& sheet, const v1::Task& task, TimeMs now) {
  const DurationMs beat = ToMs(task.heartbeat_timeout());
  if (beat > 0) sheet.Add("heartbeat", "every " + FormatDuration(beat) + " at the latest");
  sheet.Add("last heartbeat", WhenExactly(now, task.has_last_heartbeat_at(), task.last_heartbeat_at()));
  sheet.Add("progress", task.progress().details());
}

void AddOutcome(Sheet& sheet, const v1::Outcome& outcome, TimeMs now) {
  sheet.Add("output", outcome.output());
  sheet.Add("error", outcome.error());
  sheet.Add("cause", outcome.cause());
  sheet.Add("resolved", WhenExactly(now, outcome.has_resolved_at(), outcome.resolved_at()));
  sheet.Add("resolved by", outcome.resolved_by());
}

void AddDelivery(Sheet& sheet, const v1::Delivery& delivery, TimeMs now) {
  sheet.Add("delivery", NameOf(delivery.state()));
  if (delivery.attempts() > 0) sheet.Add("attempts", std::to_string(delivery.attempts()));
  sheet.Add("next attempt", WhenExactly(now, delivery.has_next_attempt_at(), delivery.next_attempt_at()));
  sheet.Add("answer", delivery.answer_code());
  sheet.Add("message", delivery.answer_message());
  if (delivery.may_have_arrived()) sheet.Add("may have arrived", "a try ended without an answer");
  sheet.Add("settled", WhenExactly(now, delivery.has_settled_at(), delivery.settled_at()));
  sheet.Add("settled by", delivery.settled_by());
}

void PrintSheet(Session& session, const v1::Task& task) {
  const TimeMs now = session.world().wall.Now();
  Sheet sheet;
  sheet.Add("task", task.task_id());
  sheet.Add("namespace", task.namespace_());
  sheet.Add("state", StateText(task));
  sheet.Add("key", task.correlation_key());
  if (task.attempt() > 1) sheet.Add("attempt", std::to_string(task.attempt()));
  sheet.Add("summary", task.summary());
  sheet.Add("labels", Labels(task));
  sheet.Add("target", task.target());
  sheet.Add("input", task.input());
  sheet.Add("issued", WhenExactly(now, task.has_issued_at(), task.issued_at()));
  sheet.Add("issued by", task.issued_by());
  sheet.Add("deadline", WhenExactly(now, task.has_deadline(), task.deadline()));
  AddLiveness(sheet, task, now);
  if (task.has_outcome()) AddOutcome(sheet, task.outcome(), now);
  if (task.has_delivery()) AddDelivery(sheet, task.delivery(), now);
  sheet.Print(session.out());
}

void PrintOutput(Session& session, const v1::Task& task) {
  if (task.state() == v1::TASK_STATE_SUCCEEDED) {
    session.out() << task.outcome().output() << "\n";
  } else {
    session.err() << "tokenctl: the task has no output: it is " << NameOf(task.state()) << "\n";
  }
}

}  // namespace

void PrintTask(Session& session, const v1::Task& task) {
  switch (session.format) {
    case Format::kJson:
    case Format::kJsonLines:
      return session.PrintJson(ToJson(task), session.format);
    case Format::kId:
      session.out() << task.task_id() << "\n";
      return;
    case Format::kOutput:
      return PrintOutput(session, task);
    default:
      return PrintSheet(session, task);
  }
}

void PrintDelivery(Session& session, const v1::Delivery& delivery) {
  if (IsJsonFormat(session.format)) return session.PrintJson(ToJson(delivery), session.format);
  if (session.format == Format::kId) {
    session.out() << delivery.task_id() << "\n";
    return;
  }
  const TimeMs now = session.world().wall.Now();
  Sheet sheet;
  sheet.Add("task", delivery.task_id());
  sheet.Add("namespace", delivery.namespace_());
  sheet.Add("key", delivery.correlation_key());
  sheet.Add("target", delivery.target());
  sheet.Add("outcome", NameOf(delivery.outcome()));
  sheet.Add("owed", WhenExactly(now, delivery.has_owed_at(), delivery.owed_at()));
  AddDelivery(sheet, delivery, now);
  sheet.Print(session.out());
}

void PrintDeliveryTable(Session& session, const std::vector<v1::Delivery>& deliveries) {
  const TimeMs now = session.world().wall.Now();
  Table table({"TASK", "STATE", "TARGET", "KEY", "OWED", "ATTEMPTS", "NEXT", "ANSWER"});
  for (const v1::Delivery& delivery : deliveries) {
    table.Add({delivery.task_id(), NameOf(delivery.state()), delivery.target(), delivery.correlation_key(),
               When(now, delivery.has_owed_at(), delivery.owed_at()), std::to_string(delivery.attempts()),
               When(now, delivery.has_next_attempt_at(), delivery.next_attempt_at()), delivery.answer_code()});
  }
  table.Print(session.out(), session.world().colour);
}

void PrintTaskTable(Session& session, const std::vector<v1::Task>& tasks) {
  const TimeMs now = session.world().wall.Now();
  Table table({"TASK", "STATE", "KEY", "ISSUED", "DEADLINE", "HEARTBEAT", "SUMMARY"});
  for (const v1::Task& task : tasks) {
    const bool waits = task.state() == v1::TASK_STATE_WAITING;
    table.Add({task.task_id(), NameOf(task.state()), task.correlation_key(),
               When(now, task.has_issued_at(), task.issued_at()),
               When(now, waits && task.has_deadline(), task.deadline()),
               When(now, waits && task.has_last_heartbeat_at(), task.last_heartbeat_at()), task.summary()});
  }
  table.Print(session.out(), session.world().colour);
}

}  // namespace tokenbroker::cli
