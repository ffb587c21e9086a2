// The server's command line.

#include <iostream>
#include <string>

#include "absl/synchronization/mutex.h"
#include "server/commands/commands.h"
#include "server/config/print.h"
#include "server/host/version.h"

namespace {

using namespace tokenbroker;

constexpr char kUsage[] =
    "tokenbroker issues task tokens, keeps them, and delivers their outcomes.\n\n"
    "  tokenbroker dev [--data DIR] [flags]          for a first try: on this machine, no credentials\n"
    "  tokenbroker serve --config FILE [flags]       for real\n"
    "  tokenbroker config print|check [flags]        what serve would run with, and from where\n"
    "  tokenbroker verify DIR                        checks a data folder or a backup\n"
    "  tokenbroker restore BACKUP NEWDIR             makes a data folder of a backup\n"
    "  tokenbroker --version\n\n"
    "Flags of dev, serve and config:\n";

struct Command {
  const char* name;
  int (*run)(const Arguments& args);
};

constexpr Command kCommands[] = {
    {"dev", DevCommand},       {"serve", ServeCommand},     {"config", ConfigCommand},
    {"verify", VerifyCommand}, {"restore", RestoreCommand},
};

bool AsksForHelp(const Arguments& args) {
  for (const std::string& arg : args) {
    if (arg == "--help" || arg == "-h") return true;
  }
  return false;
}

}  // namespace

int main(int argc, char** argv) {
  // Debian's Abseil is built with its debug checks: every lock that gRPC takes would be entered into a graph of locks.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  const Arguments args(argv + 1, argv + argc);
  if (AsksForHelp(args)) {
    std::cout << kUsage << FlagHelp(!args.empty() && args[0] == "dev" ? ConfigMode::kDev : ConfigMode::kServe);
    return EXIT_SUCCESS;
  }
  if (!args.empty() && args[0] == "--version") {
    std::cout << "tokenbroker " << kVersion << "\n";
    return EXIT_SUCCESS;
  }
  for (const Command& command : kCommands) {
    if (!args.empty() && args[0] == command.name) return command.run(Arguments(args.begin() + 1, args.end()));
  }
  std::cerr << (args.empty() ? "" : "unknown command '" + args[0] + "'\n\n") << kUsage << "  see tokenbroker --help\n";
  return kExitUsage;
}
