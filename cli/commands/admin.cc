// backup and status.
#include <memory>

#include "base/status_macros.h"
#include "cli/command.h"
#include "cli/exit_code.h"
#include "cli/table.h"
#include "cli/task_json.h"
#include "cli/time_text.h"

namespace tokenbroker::cli {
namespace {

constexpr DurationMs kBackupTimeout = 300'000;

// Not retried: the folder of a first try would be in the way of a second.
absl::StatusOr<int> Backup(Session& session, const std::string& path) {
  TB_ASSIGN_OR_RETURN(const Settings settings, session.GetSettings());
  TB_ASSIGN_OR_RETURN(Broker* const broker, session.GetBroker());
  v1::CreateBackupRequest request;
  request.set_path(path);
  TB_ASSIGN_OR_RETURN(const v1::CreateBackupResponse backup,
                      broker->Backup(request, settings.TimeoutOr(kBackupTimeout)));
  if (IsJsonFormat(session.format)) {
    session.PrintJson(ToJson(backup), session.format);
  } else if (session.format == Format::kId) {
    session.out() << backup.path() << "\n";
  } else {
    Sheet sheet;
    sheet.Add("path", backup.path());
    sheet.Add("size", std::to_string(backup.size_bytes()) + " bytes");
    sheet.Add("last change", std::to_string(backup.last_sequence()));
    sheet.Add("at", FormatTime(ToMs(backup.at())));
    sheet.Print(session.out());
  }
  return kOk;
}

void PrintStatus(Session& session, const v1::GetStatusResponse& status) {
  const TimeMs now = session.world().wall.Now();
  Sheet sheet;
  sheet.Add("version", status.version());
  sheet.Add("started", FormatTime(ToMs(status.started_at())) + " (" + Relative(now, ToMs(status.started_at())) + ")");
  sheet.Add("state", status.draining() ? "draining" : "serving");
  sheet.Add("open tasks", std::to_string(status.open_tasks()));
  if (status.open_tasks() > 0) sheet.Add("oldest open", RoundDuration(ToMs(status.oldest_open_age())));
  sheet.Add("parked callbacks", std::to_string(status.parked_callbacks()));
  sheet.Add("last change", std::to_string(status.last_sequence()));
  sheet.Add("epoch", std::to_string(status.epoch()));
  sheet.Add("clock offset", FormatDuration(ToMs(status.clock_offset())));
  sheet.Print(session.out());
}

absl::StatusOr<int> Status(Session& session) {
  TB_ASSIGN_OR_RETURN(const Settings settings, session.GetSettings());
  TB_ASSIGN_OR_RETURN(Broker* const broker, session.GetBroker());
  const DurationMs timeout = settings.TimeoutOr(Settings::kDefaultTimeout);
  TB_ASSIGN_OR_RETURN(const v1::GetStatusResponse status,
                      session.retrier().Run(timeout, timeout, [&](DurationMs left) { return broker->Status(left); }));
  if (IsJsonFormat(session.format)) {
    session.PrintJson(ToJson(status), session.format);
  } else {
    PrintStatus(session, status);
  }
  return kOk;
}

}  // namespace

void AddAdminCommands(CommandLine& line) {
  CLI::App* backup = AddCommand(line.root, "backup", "Copy the store into a new folder on the broker's own machine",
                                "  tokenctl backup /var/backups/tokenbroker/2026-01-31");
  auto path = std::make_shared<std::string>();
  backup->add_option("PATH", *path, "An absolute path below the broker's storage.backup_root; must not exist yet")
      ->required();
  OnRun(line, backup, TableJsonAnd({Format::kId}), [path](Session& session) { return Backup(session, *path); });
  CLI::App* status = AddCommand(line.root, "status", "Say how the broker is", "  tokenctl status -o json");
  OnRun(line, status, TableJsonAnd({}), Status);
}

}  // namespace tokenbroker::cli
