// cancel and extend.
#include <memory>

#include "base/status_macros.h"
#include "cli/command.h"
#include "cli/exit_code.h"
#include "cli/task_view.h"
#include "cli/time_text.h"

namespace tokenbroker::cli {
namespace {

struct CancelFlags {
  RefFlags ref;
  std::string reason;
  std::string grace;
};

struct ExtendFlags {
  RefFlags ref;
  std::string timeout;
};

absl::StatusOr<int> Cancel(Session& session, const CancelFlags& flags) {
  v1::CancelTaskRequest request;
  TB_ASSIGN_OR_RETURN(*request.mutable_task(), ResolveRef(session, flags.ref));
  request.set_reason(flags.reason);
  if (!flags.grace.empty()) {
    TB_ASSIGN_OR_RETURN(const DurationMs grace, ParseDuration(flags.grace));
    *request.mutable_grace() = ToProto(grace);
  }
  TB_ASSIGN_OR_RETURN(const v1::CancelTaskResponse response, session.Call(&Broker::Cancel, request));
  PrintTask(session, response.task());
  return kOk;
}

absl::StatusOr<int> Extend(Session& session, const ExtendFlags& flags) {
  v1::ExtendDeadlineRequest request;
  TB_ASSIGN_OR_RETURN(*request.mutable_task(), ResolveRef(session, flags.ref));
  TB_ASSIGN_OR_RETURN(const DurationMs timeout, ParseDuration(flags.timeout));
  *request.mutable_timeout() = ToProto(timeout);
  TB_ASSIGN_OR_RETURN(const v1::ExtendDeadlineResponse response, session.Call(&Broker::Extend, request));
  PrintTask(session, response.task());
  return kOk;
}

void AddCancel(CommandLine& line) {
  CLI::App* command = AddCommand(line.root, "cancel", "End the wait for a task",
                                 R"(  tokenctl cancel --key order-17 --reason "order withdrawn"
  tokenctl cancel 0123456789abcdef01 --grace 5m)");
  auto flags = std::make_shared<CancelFlags>();
  AddRef(command, flags->ref);
  line.may_be_empty.insert(command->add_option("--reason", flags->reason, "Why, for people"));
  command->add_option("--grace", flags->grace, "Tell the worker and let it settle for this long, as in 5m; none: now");
  OnRun(line, command, TableJsonAnd({Format::kId}), [flags](Session& session) { return Cancel(session, *flags); });
}

void AddExtend(CommandLine& line) {
  CLI::App* command = AddCommand(line.root, "extend", "Move a task's deadline, to earlier or later",
                                 "  tokenctl extend --key order-17 --timeout 2h");
  auto flags = std::make_shared<ExtendFlags>();
  AddRef(command, flags->ref);
  command->add_option("--timeout", flags->timeout, "From now, as in 2h (here not the time-out of calls)")->required();
  OnRun(line, command, TableJsonAnd({Format::kId}), [flags](Session& session) { return Extend(session, *flags); });
}

}  // namespace

void AddControlCommands(CommandLine& line) {
  AddCancel(line);
  AddExtend(line);
}

}  // namespace tokenbroker::cli
