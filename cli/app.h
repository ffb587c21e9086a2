// The command line as a function, so that tests can run all of it.
#pragma once

#include <string>
#include <vector>

#include "cli/session.h"

namespace tokenbroker::cli {

// `arguments` without the program's name. Returns the exit code; errors have been explained on world.err.
int RunCli(const std::vector<std::string>& arguments, World world);

}  // namespace tokenbroker::cli
