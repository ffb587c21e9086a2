#include "cli/await.h"

#include <memory>

#include "base/status_macros.h"
#include "cli/command.h"
#include "cli/exit_code.h"
#include "cli/task_json.h"
#include "cli/task_view.h"
#include "cli/time_text.h"

namespace tokenbroker::cli {
namespace {

struct AwaitFlags {
  RefFlags ref;
  std::string limit;
};

absl::StatusOr<int> Await(Session& session, const AwaitFlags& flags) {
  TB_ASSIGN_OR_RETURN(const Settings settings, session.GetSettings());
  AwaitOptions options;
  options.patience = settings.TimeoutOr(Settings::kDefaultTimeout);
  TB_ASSIGN_OR_RETURN(options.task, ResolveRef(session, flags.ref));
  if (!flags.limit.empty() && flags.limit != "forever") {
    TB_ASSIGN_OR_RETURN(options.limit, ParseDuration(flags.limit));
  }
  TB_ASSIGN_OR_RETURN(Broker* const broker, session.GetBroker());
  World& world = session.world();
  TB_ASSIGN_OR_RETURN(const v1::Task task, AwaitEnd(*broker, options, world.waiter, world.random, session.err()));
  PrintTask(session, task);
  return ExitCodeFor(task.state());
}

}  // namespace

void AddAwaitCommand(CommandLine& line) {
  CLI::App* command = AddCommand(line.root, "await", "Wait for a task to end; the exit code says how it ended",
                                 R"(  tokenctl await 0123456789abcdef01 && echo succeeded
  result=$(tokenctl await --key order-17 --limit 1h -o output))");
  auto flags = std::make_shared<AwaitFlags>();
  AddRef(command, flags->ref);
  command->add_option("--limit", flags->limit, "How long to wait, as in 1h; forever if left out");
  OnRun(line, command, TableJsonAnd({Format::kId, Format::kOutput}),
        [flags](Session& session) { return Await(session, *flags); });
}

}  // namespace tokenbroker::cli
