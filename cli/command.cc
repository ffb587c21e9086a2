#include "cli/command.h"

#include "base/status_macros.h"

namespace tokenbroker::cli {
namespace {

// Shown by --help as well.
constexpr char kFileType[] = "FILE";

}  // namespace

CLI::Option* AsFile(CLI::Option* option) { return option->type_name(kFileType); }

bool TakesFile(const CLI::Option& option) { return option.get_type_name() == kFileType; }

CLI::App* AddCommand(CLI::App& parent, const std::string& name, const std::string& description,
                     const std::string& examples) {
  CLI::App* command = parent.add_subcommand(name, description);
  const std::string shared = "Flags that all commands share (address, namespace, -o, ...): tokenctl --help";
  command->footer(examples.empty() ? shared : "Examples:\n" + examples + "\n\n" + shared);
  command->fallthrough();
  return command;
}

void OnRun(CommandLine& line, CLI::App* command, const Formats& formats, Action action) {
  if (!formats.empty()) command->footer(RuleOf(formats) + ".\n\n" + command->get_footer());
  command->callback([&line, formats, action = std::move(action)] {
    line.formats = formats;
    line.action = action;
  });
}

void AddTokenRef(CLI::App* command, RefFlags& flags, const std::string& description) {
  command->add_option("REF", flags.positional, description);
  AsFile(command->add_option("--token-file", flags.token_file, "File that holds the token"));
}

void AddRef(CLI::App* command, RefFlags& flags) {
  AddTokenRef(command, flags, "Task id, token, or - for a token on standard input (a token given here shows in ps)");
  command->add_option("--key,-k", flags.key, "Correlation key in the namespace");
}

absl::StatusOr<v1::TaskRef> ResolveRef(Session& session, const RefFlags& flags) {
  TB_ASSIGN_OR_RETURN(const Settings settings, session.GetSettings());
  return ResolveRef(flags, settings.name_space, session.world().environment, session.world().in);
}

}  // namespace tokenbroker::cli
