#include <memory>

#include "base/status_macros.h"
#include "cli/command.h"
#include "cli/exit_code.h"
#include "cli/payload.h"
#include "cli/task_json.h"
#include "cli/time_text.h"

namespace tokenbroker::cli {
namespace {

struct HeartbeatFlags {
  RefFlags ref;
  std::string progress;
};

std::string Describe(const v1::HeartbeatResponse& beat, TimeMs now) {
  std::string text = beat.cancel_requested() ? "cancel requested" : "alive";
  if (beat.has_remaining()) text += ", " + RoundDuration(ToMs(beat.remaining())) + " left";
  if (beat.has_next_due()) text += ", next beat due " + Relative(now, ToMs(beat.next_due()));
  return text;
}

absl::StatusOr<int> Beat(Session& session, const HeartbeatFlags& flags) {
  v1::HeartbeatRequest request;
  TB_ASSIGN_OR_RETURN(*request.mutable_task(), ResolveRef(session, flags.ref));
  if (!flags.progress.empty()) {
    TB_ASSIGN_OR_RETURN(*request.mutable_progress(), ReadJson("--progress", flags.progress, session.world().in));
  }
  TB_ASSIGN_OR_RETURN(const v1::HeartbeatResponse beat, session.Call(&Broker::Heartbeat, request));
  if (IsJsonFormat(session.format)) {
    session.PrintJson(ToJson(beat), session.format);
  } else {
    session.out() << Describe(beat, session.world().wall.Now()) << "\n";
  }
  return kOk;
}

}  // namespace

void AddHeartbeatCommand(CommandLine& line) {
  CLI::App* command = AddCommand(line.root, "heartbeat", "Say that the work is alive",
                                 R"(  tokenctl heartbeat --token-file task.token
  tokenctl heartbeat --key order-17 --progress '{"percent": 40}' -o json | jq .cancel_requested)");
  auto flags = std::make_shared<HeartbeatFlags>();
  AddRef(command, flags->ref);
  command->add_option("--progress,-p", flags->progress, "How far the work is: JSON text, @file or -");
  OnRun(line, command, TableJsonAnd({}), [flags](Session& session) { return Beat(session, *flags); });
}

}  // namespace tokenbroker::cli
