#include <filesystem>
#include <memory>

#include "base/status_macros.h"
#include "cli/command.h"
#include "cli/exit_code.h"
#include "cli/run/runner.h"
#include "cli/time_text.h"

namespace tokenbroker::cli {
namespace {

struct RunFlags {
  RefFlags ref;
  std::string output_file;
  bool raw = false;
  bool quiet = false;
  std::string error;
  std::string kill_after = "10s";
};

// For a command that goes to another folder.
std::string Absolute(const std::string& path) { return path.empty() ? path : std::filesystem::absolute(path).string(); }

std::string AbsoluteAddress(const std::string& address) {
  const std::string scheme = "unix:";
  return address.rfind(scheme, 0) == 0 ? scheme + Absolute(address.substr(scheme.size())) : address;
}

// The connection, so that a tokenctl inside the command finds the same broker, and the task. Whatever of it was not
// used is taken out of the command's environment, where it might win.
std::vector<std::pair<std::string, std::string>> ChildVariables(const Settings& settings,
                                                                const Environment& environment, const v1::TaskRef& ref,
                                                                const v1::Task& task) {
  return {{"TOKENBROKER_TOKEN", ref.token()},
          {"TOKENBROKER_TASK_ID", task.task_id()},
          {"TOKENBROKER_ADDRESS", AbsoluteAddress(settings.address)},
          {"TOKENBROKER_NAMESPACE", task.namespace_()},
          {"TOKENBROKER_PROFILE", settings.profile},
          {"TOKENBROKER_CONFIG", Absolute(environment("TOKENBROKER_CONFIG").value_or(""))},
          {"TOKENBROKER_API_KEY", settings.api_key},
          {"TOKENBROKER_API_KEY_FILE", Absolute(settings.api_key_file)},
          {"TOKENBROKER_TLS", settings.tls ? "true" : "false"},
          {"TOKENBROKER_TLS_CA", Absolute(settings.tls_ca)},
          {"TOKENBROKER_TLS_CERT", Absolute(settings.tls_cert)},
          {"TOKENBROKER_TLS_KEY", Absolute(settings.tls_key)}};
}

// A correlation key may come to mean a newer attempt while the command runs; the task id never does.
v1::TaskRef Pinned(const v1::TaskRef& ref, const v1::Task& task) {
  if (!ref.has_key()) return ref;
  v1::TaskRef pinned;
  pinned.set_task_id(task.task_id());
  return pinned;
}

absl::StatusOr<v1::Task> ReadTask(Broker& broker, const v1::TaskRef& ref, DurationMs timeout, Retrier retrier) {
  v1::GetTaskRequest request;
  *request.mutable_task() = ref;
  request.set_view(v1::TASK_VIEW_BASIC);
  TB_ASSIGN_OR_RETURN(v1::GetTaskResponse response,
                      retrier.Run(timeout, timeout, [&](DurationMs left) { return broker.Get(request, left); }));
  return std::move(*response.mutable_task());
}

absl::StatusOr<RunOptions> MakeOptions(const RunFlags& flags, const Settings& settings) {
  RunOptions options;
  options.outcome = {flags.output_file, flags.raw, flags.error};
  options.quiet = flags.quiet;
  options.call_timeout = settings.TimeoutOr(Settings::kDefaultTimeout);
  TB_ASSIGN_OR_RETURN(options.kill_after, ParseDuration(flags.kill_after));
  return options;
}

absl::StatusOr<int> Run(Session& session, const RunFlags& flags, const std::vector<std::string>& command) {
  if (command.empty()) return absl::InvalidArgumentError("no command; write it after --: tokenctl run REF -- CMD ARGS");
  SignalInbox inbox;  // Before the channel, whose threads must inherit the blocked signals.
  TB_ASSIGN_OR_RETURN(const Settings settings, session.GetSettings());
  TB_ASSIGN_OR_RETURN(RunOptions options, MakeOptions(flags, settings));
  TB_ASSIGN_OR_RETURN(const v1::TaskRef ref, ResolveRef(session, flags.ref));
  TB_ASSIGN_OR_RETURN(Broker* const broker, session.GetBroker());
  InterruptibleWaiter waiter(inbox);
  const Random random = session.world().random;
  TB_ASSIGN_OR_RETURN(const v1::Task task, ReadTask(*broker, ref, options.call_timeout, Retrier(waiter, random)));
  if (task.state() != v1::TASK_STATE_WAITING) {
    session.err() << "tokenctl: the task has ended already; the command was not started. See it with: tokenctl get "
                  << task.task_id() << "\n";
    return task.state() == v1::TASK_STATE_SUCCEEDED || task.state() == v1::TASK_STATE_FAILED
               ? kConflict
               : ExitCodeFor(task.state());
  }
  options.child = {command, ChildVariables(settings, session.world().environment, ref, task)};
  return Runner(*broker, Pinned(ref, task), options, inbox, random, session.out(), session.err()).Run();
}

constexpr char kExamples[] = R"(  tokenctl run --token-file task.token -- make report
  tokenctl run --key order-17 --output-file result.json -- ./legacy-batch.sh order-17
  echo "$TOKEN" | tokenctl run - --quiet -- ./compute

The command's standard output becomes the task's output (JSON as it is, other text as a JSON string, nothing as {}).
Exit code 0 succeeds; otherwise the task fails with ExitCode.N or Signal.NAME and the last 4 KiB of standard error.)";

}  // namespace

void AddRunCommand(CommandLine& line) {
  CLI::App* command =
      AddCommand(line.root, "run", "Run a command as the worker of a task: tokenctl run [REF] -- CMD ARGS", kExamples);
  auto flags = std::make_shared<RunFlags>();
  AddRef(command, flags->ref);
  AsFile(command->add_option("--output-file", flags->output_file,
                             "The output is in this file, which the command writes, not on stdout"));
  command->add_flag("--raw", flags->raw, "Send the output as a JSON string even where it is JSON");
  command->add_flag("--quiet,-q", flags->quiet, "Do not show the command's standard output");
  command->add_option("--error", flags->error, "Error code of a failure instead of ExitCode.N and Signal.NAME");
  command->add_option("--kill-after", flags->kill_after, "From SIGTERM to SIGKILL when the command must stop")
      ->capture_default_str();
  OnRun(line, command, {}, [flags, &line](Session& session) { return Run(session, *flags, line.tail); });
}

}  // namespace tokenbroker::cli
