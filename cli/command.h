// How a command joins the command line: one Add function per group of commands, called by app.cc.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "cli/output.h"
#include "cli/session.h"
#include "cli/task_ref.h"

namespace tokenbroker::cli {

// Does the work; returns the exit code. An error is explained and turned into its exit code by the caller.
using Action = std::function<absl::StatusOr<int>(Session&)>;

struct CommandLine {
  CLI::App root;
  // As given by -o.
  std::optional<std::string> format;
  // Set by the command that was named.
  Action action;
  Formats formats;
  // What stands after "--"; for `run`.
  std::vector<std::string> tail;
  // Of these an empty value is taken as given: texts for people, and where reading begins. Of all others it is refused,
  // because it mostly stands for a variable that is not set, and would mean what leaving the option out means.
  std::set<const CLI::Option*> may_be_empty;
};

// Marks an option whose values name files: any bytes may stand in them, and completion offers files.
CLI::Option* AsFile(CLI::Option* option);
bool TakesFile(const CLI::Option& option);

CLI::App* AddCommand(CLI::App& parent, const std::string& name, const std::string& description,
                     const std::string& examples);
// What -o asks for is one of `formats` when `action` runs: a call that took effect must not fail to tell its result.
void OnRun(CommandLine& line, CLI::App* command, const Formats& formats, Action action);

// REF and --token-file; then --key as well.
void AddTokenRef(CLI::App* command, RefFlags& flags, const std::string& description);
void AddRef(CLI::App* command, RefFlags& flags);
absl::StatusOr<v1::TaskRef> ResolveRef(Session& session, const RefFlags& flags);

void AddIssueCommand(CommandLine& line);
void AddSettleCommands(CommandLine& line);
void AddHeartbeatCommand(CommandLine& line);
void AddReadCommands(CommandLine& line);
void AddAwaitCommand(CommandLine& line);
void AddWatchCommand(CommandLine& line);
void AddControlCommands(CommandLine& line);
void AddUrlCommand(CommandLine& line, Session& session);
void AddRunCommand(CommandLine& line);
void AddBulkCommand(CommandLine& line);
void AddDeliveryCommands(CommandLine& line);
void AddAdminCommands(CommandLine& line);
void AddProfileCommands(CommandLine& line);
void AddHelpCommands(CommandLine& line);

}  // namespace tokenbroker::cli
