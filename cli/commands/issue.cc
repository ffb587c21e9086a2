#include <memory>

#include "base/status_macros.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/file.h"
#include "cli/filter.h"
#include "cli/payload.h"
#include "cli/table.h"
#include "cli/task_json.h"
#include "cli/time_text.h"
#include "cli/uuid.h"

namespace tokenbroker::cli {
namespace {

struct IssueFlags {
  std::string input;
  std::string summary;
  std::vector<std::string> labels;
  std::string target;
  std::string issue_timeout;
  std::string heartbeat;
  std::string key;
  uint32_t attempt = 0;
  std::string request_id;
  std::string upstream_token_file;
  std::string schema;
  std::vector<std::string> allowed_errors;
};

absl::Status SetSpans(const IssueFlags& flags, v1::IssueTaskRequest& request) {
  if (!flags.issue_timeout.empty()) {
    TB_ASSIGN_OR_RETURN(const DurationMs timeout, ParseDuration(flags.issue_timeout));
    *request.mutable_timeout() = ToProto(timeout);
  }
  if (!flags.heartbeat.empty()) {
    TB_ASSIGN_OR_RETURN(const DurationMs heartbeat, ParseDuration(flags.heartbeat));
    *request.mutable_heartbeat_timeout() = ToProto(heartbeat);
  }
  return absl::OkStatus();
}

absl::Status SetTexts(Session& session, const IssueFlags& flags, v1::IssueTaskRequest& request) {
  const int in = session.world().in;
  if (!flags.input.empty()) {
    TB_ASSIGN_OR_RETURN(*request.mutable_input(), ReadJson("--input", flags.input, in));
  }
  if (!flags.schema.empty()) {
    TB_ASSIGN_OR_RETURN(*request.mutable_contract()->mutable_output_schema(), ReadJson("--schema", flags.schema, in));
  }
  for (const std::string& code : flags.allowed_errors) request.mutable_contract()->add_allowed_errors(code);
  if (!flags.upstream_token_file.empty()) {
    TB_ASSIGN_OR_RETURN(*request.mutable_upstream_token(), ReadSecretFile(flags.upstream_token_file));
    if (!IsValidUtf8(request.upstream_token())) {
      return absl::InvalidArgumentError("the token of --upstream-token-file is not UTF-8");
    }
  }
  return absl::OkStatus();
}

void SetTrace(const Environment& environment, v1::IssueTaskRequest& request) {
  const auto parent = environment("TRACEPARENT");
  const std::string state = environment("TRACESTATE").value_or("");
  // What no tracer wrote is no reason to refuse the task.
  if (!parent || !IsValidUtf8(*parent) || !IsValidUtf8(state)) return;
  request.mutable_trace()->set_traceparent(*parent);
  request.mutable_trace()->set_tracestate(state);
}

absl::StatusOr<v1::IssueTaskRequest> MakeRequest(Session& session, const IssueFlags& flags) {
  TB_ASSIGN_OR_RETURN(const Settings settings, session.GetSettings());
  v1::IssueTaskRequest request;
  request.set_namespace_(settings.name_space);
  request.set_request_id(flags.request_id.empty() ? MakeUuid(session.world().random) : flags.request_id);
  request.set_correlation_key(flags.key);
  request.set_attempt(flags.attempt);
  request.set_summary(flags.summary);
  request.set_target(flags.target);
  TB_RETURN_IF_ERROR(AddLabels(flags.labels, *request.mutable_labels()));
  TB_RETURN_IF_ERROR(SetSpans(flags, request));
  TB_RETURN_IF_ERROR(SetTexts(session, flags, request));
  SetTrace(session.world().environment, request);
  return request;
}

void PrintIssued(Session& session, const v1::IssueTaskResponse& issued) {
  switch (session.format) {
    case Format::kJson:
    case Format::kJsonLines:
      session.PrintJson(ToJson(issued), session.format);
      break;
    case Format::kId:
      session.out() << issued.task_id() << "\n";
      break;
    case Format::kToken:
      session.out() << issued.token() << "\n";
      break;
    default: {
      Sheet sheet;
      sheet.Add("task", issued.task_id());
      sheet.Add("token", issued.token());
      sheet.Add("state", NameOf(issued.state()));
      if (issued.has_deadline()) sheet.Add("deadline", FormatTime(ToMs(issued.deadline())));
      sheet.Add("supersedes", issued.superseded_task_id());
      sheet.Print(session.out());
    }
  }
}

absl::StatusOr<int> Issue(Session& session, const IssueFlags& flags) {
  TB_ASSIGN_OR_RETURN(const v1::IssueTaskRequest request, MakeRequest(session, flags));
  TB_ASSIGN_OR_RETURN(const v1::IssueTaskResponse issued, session.Call(&Broker::Issue, request));
  PrintIssued(session, issued);
  return 0;
}

constexpr char kExamples[] =
    R"(  tokenctl issue --summary "approve order 17" --key order-17 --timeout 2d
  tokenctl issue --input @order.json --timeout 1h --heartbeat 1m -o token > task.token
  tokenctl issue --schema @answer.schema.json --allow-error Rejected --label team=billing)";

}  // namespace

void AddIssueCommand(CommandLine& line) {
  CLI::App* command = AddCommand(line.root, "issue", "Make a task and its token", kExamples);
  auto flags = std::make_shared<IssueFlags>();
  command->add_option("--input,-i", flags->input, "JSON for whoever does the work: text, @file or -");
  line.may_be_empty.insert(command->add_option("--summary,-s", flags->summary, "One line for people"));
  command->add_option("--label,-l", flags->labels, "name=value; may be repeated")->allow_extra_args(false);
  command->add_option("--target", flags->target, "Where the broker delivers the outcome; none: await or watch");
  command->add_option("--timeout", flags->issue_timeout,
                      "How long the task may take, as in 30s, 2h, 7d (here not the time-out of calls)");
  command->add_option("--heartbeat", flags->heartbeat, "How long the worker may be silent; none: as long as it likes");
  command->add_option("--key,-k", flags->key, "Correlation key: your own name for the task");
  command->add_option("--attempt", flags->attempt, "Supersede the open task with this key and a smaller attempt");
  command->add_option("--request-id", flags->request_id, "The same id again yields the same task; made up if left out");
  AsFile(command->add_option("--upstream-token-file", flags->upstream_token_file,
                             "File with another engine's token to wrap"));
  command->add_option("--schema", flags->schema, "JSON Schema that outputs must meet: text, @file or -");
  command->add_option("--allow-error", flags->allowed_errors, "Error code that a failure may carry; may be repeated")
      ->allow_extra_args(false);
  OnRun(line, command, TableJsonAnd({Format::kId, Format::kToken}),
        [flags](Session& session) { return Issue(session, *flags); });
}

}  // namespace tokenbroker::cli
