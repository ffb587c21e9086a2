// The subcommands of `tokenbroker`. Each gets the arguments behind its name and answers the process's exit code: 0, 1
// for trouble, 2 for a command line or configuration that is not understood.
#pragma once

#include <string>
#include <vector>

namespace tokenbroker {

using Arguments = std::vector<std::string>;

inline constexpr int kExitUsage = 2;

int DevCommand(const Arguments& args);
int ServeCommand(const Arguments& args);
int RestoreCommand(const Arguments& args);
int VerifyCommand(const Arguments& args);
int ConfigCommand(const Arguments& args);

}  // namespace tokenbroker
