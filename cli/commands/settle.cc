// succeed, fail and peek.
#include <memory>

#include "base/status_macros.h"
#include "cli/command.h"
#include "cli/error.h"
#include "cli/exit_code.h"
#include "cli/payload.h"
#include "cli/run/capture.h"
#include "cli/task_json.h"
#include "cli/time_text.h"

namespace tokenbroker::cli {
namespace {

constexpr char kNoOutput[] = "{}";

struct SettleFlags {
  RefFlags ref;
  std::string output = kNoOutput;
  std::string error;
  std::string cause;
  std::string request_id;
  std::string park_for;
  bool no_park = false;
  std::string wait_for_delivery;
};

absl::Status SetSpan(const std::string& text, google::protobuf::Duration& span) {
  TB_ASSIGN_OR_RETURN(const DurationMs parsed, ParseDuration(text));
  span = ToProto(parsed);
  return absl::OkStatus();
}

template <typename Request>
absl::Status SetCommon(Session& session, const SettleFlags& flags, Request& request) {
  TB_ASSIGN_OR_RETURN(*request.mutable_task(), ResolveRef(session, flags.ref));
  request.set_request_id(flags.request_id);
  if (flags.no_park) request.mutable_park_for()->set_seconds(-1);
  if (!flags.park_for.empty()) TB_RETURN_IF_ERROR(SetSpan(flags.park_for, *request.mutable_park_for()));
  if (!flags.wait_for_delivery.empty()) {
    TB_RETURN_IF_ERROR(SetSpan(flags.wait_for_delivery, *request.mutable_wait_for_delivery()));
  }
  return absl::OkStatus();
}

absl::StatusOr<v1::SucceedRequest> MakeSucceed(Session& session, const SettleFlags& flags) {
  if (flags.output == "-" && flags.ref.positional == "-") {
    return absl::InvalidArgumentError("standard input can be the token or the output, not both; use --token-file");
  }
  v1::SucceedRequest request;
  TB_RETURN_IF_ERROR(SetCommon(session, flags, request));
  TB_ASSIGN_OR_RETURN(*request.mutable_output(), ReadJson("--output", flags.output, session.world().in));
  return request;
}

absl::StatusOr<v1::FailRequest> MakeFail(Session& session, const SettleFlags& flags) {
  if (flags.cause == "-" && flags.ref.positional == "-") {
    return absl::InvalidArgumentError("standard input can be the token or the cause, not both; use --token-file");
  }
  v1::FailRequest request;
  TB_RETURN_IF_ERROR(SetCommon(session, flags, request));
  request.set_error(flags.error);
  TB_ASSIGN_OR_RETURN(const std::string cause, ReadText(flags.cause, session.world().in));
  // A log may hold any bytes; they must not keep the failure from being told.
  request.set_cause(RepairUtf8(cause));
  return request;
}

void PrintVerdict(Session& session, v1::Verdict verdict, const std::string& task_id) {
  switch (session.format) {
    case Format::kJson:
    case Format::kJsonLines:
      session.PrintJson(VerdictJson(verdict, task_id), session.format);
      break;
    case Format::kId:
      session.out() << task_id << "\n";
      break;
    default:
      session.out() << NameOf(verdict) << (task_id.empty() ? "" : " ") << task_id << "\n";
  }
}

// What was answered, and what its target said if that was waited for.
template <typename Response>
void PrintSettled(Session& session, const Response& response) {
  if (!response.has_delivery()) return PrintVerdict(session, response.verdict(), response.task_id());
  const v1::Delivery& delivery = response.delivery();
  if (IsJsonFormat(session.format)) {
    Json json = VerdictJson(response.verdict(), response.task_id());
    json["delivery"] = ToJson(delivery);
    return session.PrintJson(json, session.format);
  }
  PrintVerdict(session, response.verdict(), response.task_id());
  if (session.format == Format::kId) return;
  session.out() << NameOf(delivery.state()) << (delivery.answer_code().empty() ? "" : " ") << delivery.answer_code()
                << "\n";
}

// The broker may take as long as it was asked to wait, and then some.
template <typename Request, typename Response>
absl::StatusOr<int> Settle(Session& session, const Request& request,
                           absl::StatusOr<Response> (Broker::*method)(const Request&, DurationMs)) {
  TB_ASSIGN_OR_RETURN(const Response response, session.Call(method, request, ToMs(request.wait_for_delivery())));
  PrintSettled(session, response);
  return response.has_delivery() ? ExitCodeFor(response.delivery().state()) : kOk;
}

absl::StatusOr<int> Succeed(Session& session, const SettleFlags& flags) {
  TB_ASSIGN_OR_RETURN(const v1::SucceedRequest request, MakeSucceed(session, flags));
  return Settle(session, request, &Broker::Succeed);
}

absl::StatusOr<int> Fail(Session& session, const SettleFlags& flags) {
  TB_ASSIGN_OR_RETURN(const v1::FailRequest request, MakeFail(session, flags));
  return Settle(session, request, &Broker::Fail);
}

absl::StatusOr<int> Peek(Session& session, const SettleFlags& flags, bool fails) {
  v1::PeekTaskRequest request;
  if (fails) {
    TB_ASSIGN_OR_RETURN(*request.mutable_settlement()->mutable_fail(), MakeFail(session, flags));
  } else {
    TB_ASSIGN_OR_RETURN(*request.mutable_settlement()->mutable_succeed(), MakeSucceed(session, flags));
  }
  TB_ASSIGN_OR_RETURN(const v1::PeekTaskResponse response, session.Call(&Broker::Peek, request));
  PrintVerdict(session, response.result().verdict(), response.result().task_id());
  TB_RETURN_IF_ERROR(StatusOf(response.result()));
  return kOk;
}

CLI::Option* AddOutput(CLI::App* command, SettleFlags& flags) {
  return command->add_option("--output", flags.output, "JSON text, @file or -; {} if left out");
}

// Each of them says that the task fails.
struct FailureOptions {
  CLI::Option* error;
  CLI::Option* cause;
  bool given() const { return error->count() + cause->count() > 0; }
};

FailureOptions AddFailure(CommandLine& line, CLI::App* command, SettleFlags& flags) {
  CLI::Option* cause = command->add_option("--cause", flags.cause, "Why, for people: text, @file or -");
  line.may_be_empty.insert(cause);
  return {command->add_option("--error,-e", flags.error, "Error code, for programs"), cause};
}

void AddCommon(CLI::App* command, SettleFlags& flags) {
  command->add_option("--request-id", flags.request_id, "Recorded for tracing");
  auto* park = command->add_option("--park-for", flags.park_for,
                                   "With --key: how long to keep the outcome if the task is not issued yet, as in 15m");
  command->add_flag("--no-park", flags.no_park, "With --key: refuse if the task is not issued yet")->excludes(park);
  command->add_option("--wait-for-delivery", flags.wait_for_delivery,
                      "Wait for what the target says of the outcome: so long at most, up to 1m");
}

void AddSucceed(CommandLine& line) {
  CLI::App* command = AddCommand(line.root, "succeed", "Resolve a task with an output",
                                 R"(  tokenctl succeed --token-file task.token --output '{"approved": true}'
  tokenctl succeed --key order-17 --output @result.json
  tokenctl succeed --key order-17 --wait-for-delivery 30s
  echo "$TOKEN" | tokenctl succeed - --output '"done"')");
  auto flags = std::make_shared<SettleFlags>();
  AddRef(command, flags->ref);
  AddOutput(command, *flags);
  AddCommon(command, *flags);
  OnRun(line, command, TableJsonAnd({Format::kId}), [flags](Session& session) { return Succeed(session, *flags); });
}

void AddFail(CommandLine& line) {
  CLI::App* command = AddCommand(line.root, "fail", "Resolve a task with an error",
                                 R"(  tokenctl fail --key order-17 --error Rejected --cause "no stock"
  make 2> log || tokenctl fail --token-file task.token -e BuildFailed --cause @log)");
  auto flags = std::make_shared<SettleFlags>();
  AddRef(command, flags->ref);
  AddFailure(line, command, *flags);
  AddCommon(command, *flags);
  OnRun(line, command, TableJsonAnd({Format::kId}), [flags](Session& session) { return Fail(session, *flags); });
}

void AddPeek(CommandLine& line) {
  CLI::App* command =
      AddCommand(line.root, "peek", "Say what an outcome would be answered, and change nothing",
                 R"(  tokenctl peek --token-file task.token --output @result.json && echo "would be accepted")");
  auto flags = std::make_shared<SettleFlags>();
  AddRef(command, flags->ref);
  CLI::Option* output = AddOutput(command, *flags);
  const FailureOptions failure = AddFailure(line, command, *flags);
  failure.error->excludes(output);
  failure.cause->excludes(output);
  OnRun(line, command, TableJsonAnd({Format::kId}),
        [flags, failure](Session& session) { return Peek(session, *flags, failure.given()); });
}

}  // namespace

void AddSettleCommands(CommandLine& line) {
  AddSucceed(line);
  AddFail(line);
  AddPeek(line);
}

}  // namespace tokenbroker::cli
