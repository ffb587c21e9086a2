#include "tests/bench/options.h"

#include <filesystem>
#include <string_view>

#include "CLI/CLI.hpp"

namespace tokenbroker::benchmarks {
namespace {

void SetSizes(Options& options) {
  if (options.quick) {
    options.warm_up = Seconds(1);
    options.run = Seconds(3);
    options.deadlines = 250'000;
    options.deadline_span = Seconds(15);
    options.backlog = 100'000;
  }
  if (options.full) options.waiting = 10'000'000;
}

}  // namespace

bool Options::Wants(std::initializer_list<const char*> ids) const {
  if (only.empty()) return true;
  for (const char* id : ids) {
    const std::string whole = id;
    if (only.count(whole) > 0 || only.count(whole.substr(0, whole.find('.'))) > 0) return true;
  }
  return false;
}

Options ParseOptions(int argc, char** argv) {
  Options options;
  options.folder = std::filesystem::temp_directory_path().string();
  std::string only;
  bool no_gate = false;
  CLI::App app("Measures a broker on this machine: docs/benchmarks.md says what each row means.");
  app.add_option("--server", options.server, "The broker's program")->required()->check(CLI::ExistingFile);
  app.add_flag("--quick", options.quick, "Shorter runs: 1 s to warm up, 3 s measured");
  app.add_flag("--full", options.full, "10 million waiting tasks instead of 2");
  app.add_option("--json", options.json, "Write the rows to this file");
  app.add_option("--only", only, "Only these rows, with commas: P1,P2");
  app.add_option("--folder", options.folder, "Put data below this folder; it must be on the disk to be measured");
  app.add_option("--repetitions", options.repetitions, "Interleaved repetitions; medians are shown")
      ->check(CLI::Range(1, 99));
  app.add_flag("--no-gate", no_gate, "Exit with 0 even if a pass line is missed");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    std::exit(app.exit(error));
  }
  options.gate = !no_gate;
  for (const std::string& id : CLI::detail::split(only, ',')) {
    if (!id.empty()) options.only.insert(id);
  }
  SetSizes(options);
  return options;
}

}  // namespace tokenbroker::benchmarks
