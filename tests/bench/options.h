// What the caller asked for, and the sizes that follow from it.
#pragma once

#include <chrono>
#include <cstdint>
#include <set>
#include <string>

namespace tokenbroker::benchmarks {

using Seconds = std::chrono::duration<double>;

struct Options {
  std::string server;          // path of the broker's program
  std::string json;            // where to write the rows; empty: nowhere
  std::string folder;          // where data goes; must be on the disk to be measured
  std::set<std::string> only;  // ids; empty: all
  bool gate = true;
  bool quick = false;
  bool full = false;

  int repetitions = 3;
  Seconds warm_up{3};
  Seconds run{10};
  // Loads that are compared take turns in slices of the run.
  Seconds slice_warm_up{0.2};
  Seconds slice{0.6};
  int slices() const { return static_cast<int>(run / slice); }
  // Waiting tasks for the rows about size.
  uint64_t waiting = 2'000'000;
  // Deadlines for the row about lateness, and the span they are spread over.
  uint64_t deadlines = 1'000'000;
  Seconds deadline_span{60};
  // Outcomes that are owed to a target that was down.
  uint64_t backlog = 1'000'000;

  // Whether any of the rows is wanted. An id stands for its row and for all whose id continues with a dot.
  bool Wants(std::initializer_list<const char*> ids) const;
};

// Exits with the usage text if the arguments are wrong or help is asked for.
Options ParseOptions(int argc, char** argv);

}  // namespace tokenbroker::benchmarks
