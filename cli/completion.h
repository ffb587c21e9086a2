// Completion scripts for shells, made from the tree of commands so that they never lag behind it.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace tokenbroker::cli {

std::string BashCompletion(const CLI::App& root);
std::string ZshCompletion(const CLI::App& root);
std::string FishCompletion(const CLI::App& root);

}  // namespace tokenbroker::cli
