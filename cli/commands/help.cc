// help and completion.
#include <memory>

#include "base/status_macros.h"
#include "cli/command.h"
#include "cli/completion.h"
#include "cli/exit_code.h"

namespace tokenbroker::cli {
namespace {

constexpr char kEnvironment[] =
    R"(Settings: a flag beats the environment, which beats the profile, which beats the default.

  flag             environment                profile         default
  --address        TOKENBROKER_ADDRESS        address         127.0.0.1:7433
  --namespace, -n  TOKENBROKER_NAMESPACE      namespace       default
  --profile        TOKENBROKER_PROFILE        -               default_profile of the file, else "default"
  --api-key-file   TOKENBROKER_API_KEY_FILE   api_key_file    none
  -                TOKENBROKER_API_KEY        -               none (the key itself; a flag would show in ps)
  --tls            TOKENBROKER_TLS            tls             off; on when one of the next three is given
  --tls-ca         TOKENBROKER_TLS_CA         tls_ca          the system's roots
  --tls-cert       TOKENBROKER_TLS_CERT       tls_cert        none
  --tls-key        TOKENBROKER_TLS_KEY        tls_key         none
  --timeout        TOKENBROKER_TIMEOUT        timeout         10s
  --base-url       TOKENBROKER_BASE_URL       base_url        http://127.0.0.1:8433 (of url)

  TOKENBROKER_CONFIG  the profile file; else tokenbroker/config.yaml below $XDG_CONFIG_HOME or ~/.config
  TOKENBROKER_TOKEN   the token, when a command names no task
  TOKENBROKER_TASK_ID the task's id, when that is not set either
  TRACEPARENT         trace context stored with issued tasks (also TRACESTATE)
  NO_COLOR            no colours on a terminal either
)";

const CLI::App* Find(const CLI::App& root, const std::vector<std::string>& path) {
  const CLI::App* found = &root;
  for (const std::string& name : path) {
    const auto subs = found->get_subcommands([&](const CLI::App* sub) { return sub->get_name() == name; });
    if (subs.empty()) return nullptr;
    found = subs.front();
  }
  return found;
}

// What stands before the command's name in its usage line.
std::string Parents(const std::vector<std::string>& path) {
  std::string text = path.empty() ? "" : "tokenctl";
  for (size_t i = 0; i + 1 < path.size(); ++i) text += " " + path[i];
  return text;
}

absl::StatusOr<int> Help(Session& session, const CLI::App& root, const std::vector<std::string>& topic) {
  if (topic == std::vector<std::string>{"exit-codes"}) {
    session.out() << ExitCodeTable();
  } else if (topic == std::vector<std::string>{"environment"}) {
    session.out() << kEnvironment;
  } else if (const CLI::App* command = Find(root, topic)) {
    session.out() << command->help(Parents(topic));
  } else {
    return absl::InvalidArgumentError("there is no help on this; topics are the commands, exit-codes and environment");
  }
  return kOk;
}

absl::StatusOr<int> Completion(Session& session, const CLI::App& root, const std::string& shell) {
  if (shell == "bash") {
    session.out() << BashCompletion(root);
  } else if (shell == "zsh") {
    session.out() << ZshCompletion(root);
  } else {
    session.out() << FishCompletion(root);
  }
  return kOk;
}

}  // namespace

void AddHelpCommands(CommandLine& line) {
  CLI::App* help = AddCommand(line.root, "help", "Explain a command, exit-codes or environment",
                              "  tokenctl help run\n  tokenctl help exit-codes");
  auto topic = std::make_shared<std::vector<std::string>>();
  help->add_option("TOPIC", *topic, "A command, exit-codes or environment");
  OnRun(line, help, {}, [topic, &line](Session& session) { return Help(session, line.root, *topic); });

  CLI::App* completion = AddCommand(line.root, "completion", "Print a completion script",
                                    "  source <(tokenctl completion bash)\n  tokenctl completion fish | source");
  auto shell = std::make_shared<std::string>();
  completion->add_option("SHELL", *shell, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  OnRun(line, completion, {}, [shell, &line](Session& session) { return Completion(session, line.root, *shell); });
}

}  // namespace tokenbroker::cli
