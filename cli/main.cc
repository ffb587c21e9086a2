#include <unistd.h>

#include <cstdlib>
#include <iostream>

#include "cli/app.h"
#include "cli/client.h"

int main(int argc, char** argv) {
  using namespace tokenbroker::cli;
  std::ios::sync_with_stdio(false);
  QuietLibraries(SystemEnvironment());
  SystemWaiter waiter;
  const WallClock wall;
  const bool colour = isatty(STDOUT_FILENO) != 0 && std::getenv("NO_COLOR") == nullptr;
  World world{std::cout, std::cerr, STDIN_FILENO, colour, SystemEnvironment(), waiter, wall, SystemRandom(), Connect};
  return RunCli(std::vector<std::string>(argv + 1, argv + argc), std::move(world));
}
