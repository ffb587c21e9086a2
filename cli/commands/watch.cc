#include "cli/watch.h"

#include <unistd.h>

#include <memory>

#include "base/status_macros.h"
#include "base/text.h"
#include "cli/advice.h"
#include "cli/command.h"
#include "cli/file.h"
#include "cli/filter.h"
#include "cli/task_json.h"
#include "cli/time_text.h"

namespace tokenbroker::cli {
namespace {

struct WatchFlags {
  FilterFlags filter;
  std::string cursor;
  std::string cursor_file;
  bool full = false;
};

// --cursor, else what the file holds, else nothing: from now on.
absl::StatusOr<std::string> FirstCursor(const WatchFlags& flags) {
  if (!flags.cursor.empty()) return flags.cursor;
  if (flags.cursor_file.empty() || access(flags.cursor_file.c_str(), F_OK) != 0) return std::string();
  TB_RETURN_IF_ERROR(CheckReplaceable(flags.cursor_file));
  TB_ASSIGN_OR_RETURN(const std::string content, ReadFile(flags.cursor_file));
  if (!IsValidUtf8(content)) return absl::InvalidArgumentError(ShownPath(flags.cursor_file) + " holds no cursor");
  return Trim(content);
}

std::string Describe(const v1::WatchTasksResponse& change) {
  const v1::Task& task = change.task();
  std::string text = FormatTime(ToMs(change.at())) + "  " + task.task_id() + "  " + NameOf(change.kind());
  if (change.kind() == v1::WatchTasksResponse::KIND_RESOLVED) text += "  " + NameOf(task.state());
  if (!task.outcome().error().empty()) text += " \"" + task.outcome().error() + "\"";
  if (!task.correlation_key().empty()) text += "  key=" + task.correlation_key();
  if (!task.summary().empty()) text += "  " + task.summary();
  return Printable(text);
}

absl::Status PrintChange(Session& session, const v1::WatchTasksResponse& change) {
  if (change.kind() == v1::WatchTasksResponse::KIND_CURSOR) return absl::OkStatus();
  switch (session.format) {
    case Format::kJson:
    case Format::kJsonLines:
      session.PrintJson(ToJson(change), Format::kJsonLines);
      break;
    case Format::kId:
      session.out() << change.task().task_id() << "\n";
      break;
    default:
      session.out() << Describe(change) << "\n";
  }
  return session.Flush();
}

absl::StatusOr<int> Watch(Session& session, const WatchFlags& flags) {
  TB_ASSIGN_OR_RETURN(const Settings settings, session.GetSettings());
  WatchOptions options;
  options.patience = settings.TimeoutOr(Settings::kDefaultTimeout);
  options.request.set_namespace_(settings.name_space);
  options.request.set_view(flags.full ? v1::TASK_VIEW_FULL : v1::TASK_VIEW_BASIC);
  TB_ASSIGN_OR_RETURN(*options.request.mutable_filter(), MakeFilter(flags.filter));
  TB_ASSIGN_OR_RETURN(*options.request.mutable_cursor(), FirstCursor(flags));
  TB_ASSIGN_OR_RETURN(Broker* const broker, session.GetBroker());
  // Printed first, remembered second: after a crash a change may be printed again, but none is lost.
  const auto handle = [&](const v1::WatchTasksResponse& change) {
    TB_RETURN_IF_ERROR(PrintChange(session, change));
    return flags.cursor_file.empty() ? absl::OkStatus() : ReplaceFile(flags.cursor_file, change.cursor() + "\n");
  };
  World& world = session.world();
  return FollowChanges(*broker, std::move(options), world.waiter, world.random, session.err(), handle);
}

}  // namespace

void AddWatchCommand(CommandLine& line) {
  CLI::App* command = AddCommand(line.root, "watch", "Print what happens to tasks, a line per change, until stopped",
                                 R"(  tokenctl watch --state failed,expired
  tokenctl watch -o jsonl --cursor-file orders.cursor -n orders | ./handle-changes)");
  auto flags = std::make_shared<WatchFlags>();
  AddFilter(command, flags->filter);
  line.may_be_empty.insert(
      command->add_option("--cursor", flags->cursor, "Resume after this change; from now on if left out"));
  AsFile(command->add_option("--cursor-file,--from-file", flags->cursor_file,
                             "Resume from the cursor in this file, if it exists, and keep it up to date"));
  command->add_flag("--full", flags->full, "With input and output");
  OnRun(line, command, TableJsonAnd({Format::kId}), [flags](Session& session) { return Watch(session, *flags); });
}

}  // namespace tokenbroker::cli
